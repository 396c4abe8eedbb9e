// What the tests of the interface for programs speak with: HTTP as it stands on the wire. Bodies are text, so that
// digits, key order and duplicate keys arrive as they were written, and answers keep their text beside their JSON.
import http from 'node:http';

import { expect } from '@playwright/test';

import type { Server } from '../../support/server';

export { until } from '../../support/until';

export type Json = any;

export interface Where {
  url: string;
}

export interface Ask {
  token?: string;
  cookie?: string;
  /** Text and bytes are sent as they are, anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  /** How long the answer may take, in milliseconds. */
  within?: number;
}

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  /** The body as JSON, or undefined where it is none. Numbers are JavaScript's: use `text` for exact digits. */
  json: Json;
  /** `data` of the envelope. */
  data: Json;
  /** `code` of a problem document. */
  code: string | undefined;
}

export const API = '/api/approvals';
export const ACTIONS = `${API}/actions`;

/** One request on a connection of its own: nothing is retried, nothing is followed, nothing is added. */
export function ask(server: Where, method: string, path: string, asked: Ask = {}): Promise<Answer> {
  const headers: Record<string, string> = {};
  if (asked.token !== undefined) headers.authorization = `Bearer ${asked.token}`;
  if (asked.cookie !== undefined) headers.cookie = asked.cookie;
  let body: Buffer | undefined;
  if (asked.body !== undefined) {
    const sent = asked.body;
    body = Buffer.isBuffer(sent) ? sent : Buffer.from(typeof sent === 'string' ? sent : JSON.stringify(sent));
    headers['content-type'] = 'application/json';
    headers['content-length'] = String(body.length);
    if (body.length > 1 << 20) headers.expect = '100-continue';
  }
  Object.assign(headers, asked.headers);
  return new Promise((resolve, reject) => {
    const request = http.request(new URL(path, server.url), { method, headers, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => resolve(answer(response, Buffer.concat(pieces).toString('utf8'))));
    });
    request.setTimeout(asked.within ?? 90_000, () => request.destroy(new Error(`${method} ${path}: no answer`)));
    request.on('error', reject);
    // A large body is sent when the server wants it: one that is refused unread would end in a broken pipe.
    if (headers.expect === undefined) request.end(body);
    else request.on('continue', () => request.end(body)).flushHeaders();
  });
}

function answer(response: http.IncomingMessage, text: string): Answer {
  let json: Json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    json,
    data: json?.data,
    code: json?.code,
  };
}

export interface Parked {
  id: string;
  args_sha256: string;
  requested_at: string;
  expires_at: string;
  status: string;
  [member: string]: Json;
}

/** Parks a call that must be taken. */
export async function park(server: Where, token: string, call: Json = {}): Promise<Parked> {
  const usual = { tool_name: 'send_email', tool_args: { to: 'ana@example.com' } };
  const body = typeof call === 'string' ? call : { ...usual, ...call };
  const parked = await ask(server, 'POST', ACTIONS, { token, body });
  expect(parked.status, parked.text).toBe(201);
  return parked.data;
}

/** A page, as a browser opens it. */
export const open = (server: Where, path: string, cookie?: string, method = 'GET') =>
  ask(server, method, path, { cookie, headers: { accept: 'text/html' } });

export const show = (server: Where, token: string, id: string, query = '') =>
  ask(server, 'GET', `${ACTIONS}/${id}${query}`, { token });

export const approve = (server: Where, token: string, id: string, body: Json = {}) =>
  ask(server, 'POST', `${ACTIONS}/${id}/approve`, { token, body });

export const reject = (server: Where, token: string, id: string, reason = 'not today') =>
  ask(server, 'POST', `${ACTIONS}/${id}/reject`, { token, body: { reason } });

export const claim = (server: Where, token: string, tools: string[], more: Json = {}, query = '') =>
  ask(server, 'POST', `${API}/executions/claim${query}`, { token, body: { tools, ...more } });

export const report = (server: Where, token: string, attempt: string, body: Json) =>
  ask(server, 'POST', `${API}/executions/${attempt}/result`, { token, body });

/** All actions that the token sees, page by page. */
export async function everything(server: Where, token: string, query = ''): Promise<Parked[]> {
  const all: Parked[] = [];
  let cursor = '';
  do {
    const page = await ask(server, 'GET', `${ACTIONS}?limit=500${query}${cursor}`, { token });
    expect(page.status, page.text).toBe(200);
    all.push(...page.data);
    cursor = page.json.meta.has_more ? `&cursor=${encodeURIComponent(page.json.meta.next_cursor)}` : '';
  } while (cursor !== '');
  return all;
}

/** How many actions the token sees. */
export async function count(server: Where, token: string, query = ''): Promise<number> {
  const page = await ask(server, 'GET', `${ACTIONS}?limit=1${query}`, { token });
  expect(page.status, page.text).toBe(200);
  return page.json.meta.total;
}

/** The kinds of the action's events, oldest first. */
export async function events(server: Where, token: string, id: string): Promise<string[]> {
  const shown = await show(server, token, id);
  expect(shown.status, shown.text).toBe(200);
  return shown.data.events.map((event: Json) => event.event_type);
}

/** `work` for each of `items`, a few at a time. */
export async function each<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at]!);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}

export const times = (count: number) => Array.from({ length: count }, (_, at) => at);

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export interface StreamEvent {
  id?: string;
  event: string;
  data: Json;
}

/** The live stream, read as it comes. */
export class Stream {
  readonly events: StreamEvent[] = [];
  text = '';
  ended = false;
  status = 0;
  private request: http.ClientRequest | undefined;

  static open(server: Where, asked: { token?: string; cookie?: string; lastEventId?: string }): Promise<Stream> {
    const stream = new Stream();
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (asked.token !== undefined) headers.authorization = `Bearer ${asked.token}`;
    if (asked.cookie !== undefined) headers.cookie = asked.cookie;
    if (asked.lastEventId !== undefined) headers['last-event-id'] = asked.lastEventId;
    return new Promise((resolve, reject) => {
      const url = new URL(`${API}/events/stream`, server.url);
      stream.request = http.get(url, { headers, agent: false }, (response) => {
        stream.status = response.statusCode ?? 0;
        let rest = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          stream.text += piece;
          rest += piece;
          for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
            stream.take(rest.slice(0, end));
            rest = rest.slice(end + 2);
          }
        });
        response.on('end', () => (stream.ended = true));
        response.on('error', () => (stream.ended = true));
        resolve(stream);
      });
      stream.request.on('error', (error) => {
        stream.ended = true;
        reject(error);
      });
    });
  }

  private take(block: string) {
    const fields: Record<string, string> = {};
    for (const line of block.split('\n')) {
      const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
      if (name !== undefined) fields[name] = value ?? '';
    }
    if (fields.event !== undefined) {
      this.events.push({ id: fields.id, event: fields.event, data: JSON.parse(fields.data ?? 'null') });
    }
  }

  /** Waits for the first event that `wanted` takes. */
  async until(wanted: (event: StreamEvent) => boolean, what: string, within = 10_000): Promise<StreamEvent> {
    await expect.poll(() => this.events.some(wanted), { message: what, timeout: within, intervals: [20] }).toBe(true);
    return this.events.find(wanted)!;
  }

  /** The changes of one action that were told so far. */
  changesOf(id: string): StreamEvent[] {
    return this.events.filter((event) => event.event === 'change' && event.data.id === id);
  }

  close() {
    this.request?.destroy();
  }
}

/** A person's browser: makes the person, opens their one-time link, answers the session as a `Cookie` header. */
export async function signIn(server: Server, name: string): Promise<string> {
  const link = new URL(await server.addPerson(name));
  const entered = await ask(server, 'POST', '/api/console/session/redeem_link', {
    body: `link=${encodeURIComponent(link.searchParams.get('link') ?? '')}`,
    headers: { 'content-type': FORM, origin: server.url },
  });
  const cookie = /cs_session=[^;]+/.exec(String(entered.headers['set-cookie']));
  expect(cookie, `${entered.status} ${entered.text}`).not.toBeNull();
  return cookie![0];
}

export const FORM = 'application/x-www-form-urlencoded';

/** What holds `secret`, as it is or encoded as in a URL, in JSON or in base64. */
function holds(text: string, secret: string): boolean {
  const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
  return forms.some((form) => text.includes(form));
}

/** Which of the secrets (by their place in the list) are in which of the texts. */
export function leaksOf(secrets: string[], texts: Map<string, string>): string[] {
  const inText = (text: string) => secrets.flatMap((secret, at) => (holds(text, secret) ? [at] : []));
  return [...texts].flatMap(([what, text]) => inText(text).map((at) => `secret ${at} in ${what}`));
}

// What the protocol's own conformance suite says of the operator's endpoint, and of a server that nobody here wrote with and without
// the gateway before it. Every exception stands here with its reason; server/README.md repeats them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { conformance, withToken, type Verdicts } from '../../support/conformance';
import { agentOf, isUp, program, words } from '../../support/gateway';
import { freePort } from '../../support/server';
import { expect, test } from '../../support/test';
import { until } from './kit';

const EVERYTHING = program('@modelcontextprotocol/server-everything');
const config = `
[upstreams.everything]
command = ${words(process.execPath, EVERYTHING)}
env = { PATH = ${JSON.stringify(process.env.PATH)} }
pass = ["*"]
`;

test.use({ serverOptions: { config } });

/** What the operator's endpoint does not have, and so does not do. */
const NO_SUCH_PART = [
  'logging-set-level',
  'completion-complete',
  'resources-list',
  'resources-read-text',
  'resources-read-binary',
  'resources-templates-read',
  'resources-subscribe',
  'resources-unsubscribe',
  'prompts-list',
  'prompts-get-simple',
  'prompts-get-with-args',
  'prompts-get-embedded-resource',
  'prompts-get-with-image',
];
/** Tools that only a server made for the suite has. */
const TOOLS_OF_THE_SUITE = [
  'tools-call-simple-text',
  'tools-call-image',
  'tools-call-audio',
  'tools-call-embedded-resource',
  'tools-call-mixed-content',
  'tools-call-with-logging',
  'tools-call-error',
  'tools-call-with-progress',
  'tools-call-sampling',
  'tools-call-elicitation',
  'elicitation-sep1034-defaults',
  'elicitation-sep1330-enums',
];
/** For servers without authentication, says the suite; a page of another site has no token. */
const WITHOUT_AUTHENTICATION = ['dns-rebinding-protection'];

/** What the gateway does otherwise than the server behind it. */
const OF_THE_GATEWAY: Record<string, string> = {
  'resources-subscribe': 'there is no stream to the agent that could tell of a change',
  'resources-unsubscribe': 'likewise',
  // The server answers with a result that says so; a tool that it does not list could be one that nobody gates.
  'tools-call-simple-text': 'a tool that is not listed is refused by the gateway, as an error of the protocol',
  'tools-call-error': 'likewise',
};

const failed = (verdicts: Verdicts): string[] => Object.keys(verdicts).filter((name) => verdicts[name] === 'failed').sort();

test('the operator’s endpoint does all that it has as the protocol wants it', async ({ server, person }) => {
  test.setTimeout(180_000);
  const verdicts = await withToken(server.url, person.token!, (url) => conformance(`${url}/mcp/operator`));
  expect(failed(verdicts)).toEqual([...NO_SUCH_PART, ...TOOLS_OF_THE_SUITE, ...WITHOUT_AUTHENTICATION].sort());
});

test('a server behind the gateway does what it does without it', async ({ server, agent }) => {
  test.setTimeout(240_000);
  await isUp(() => agentOf(server.url, agent.token!, 'everything'));
  const behind = await withToken(server.url, agent.token!, (url) => conformance(`${url}/mcp/everything`));
  const alone = await withoutGateway((url) => conformance(url));
  const differs = Object.keys(alone).filter((name) => behind[name] !== alone[name]);
  expect(differs.sort()).toEqual(Object.keys(OF_THE_GATEWAY).sort());
});

/** The same server by itself, over HTTP. */
async function withoutGateway<T>(use: (url: string) => Promise<T>): Promise<T> {
  const port = await freePort();
  const child = spawn(process.execPath, [EVERYTHING, 'streamableHttp'], { env: { PATH: process.env.PATH, PORT: String(port) }, stdio: 'ignore' });
  try {
    await until(async () => (await fetch(`http://127.0.0.1:${port}/mcp`)).status > 0);
    return await use(`http://127.0.0.1:${port}/mcp`);
  } finally {
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  }
}

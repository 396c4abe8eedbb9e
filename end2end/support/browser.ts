// `test` with a watched browser: whatever the console should never do fails the test that saw it.
import type { Browser, BrowserContext, BrowserContextOptions, ConsoleMessage, Locator, Page, Request } from '@playwright/test';

import { expect, test as withServer } from './test';
import { ADMIN, PASSWORD, type Server } from './server';

export { expect };

/** Where a page listens once its WebAssembly is awake, and what it then reads again. */
const STREAM = '/api/approvals/events/stream';
const READ_AGAIN = ['/api/console/frame/show', '/api/console/actions/list'];

/** Collects what must not happen: words on the console, errors, failed requests, requests to other places. */
export class Watch {
  readonly faults: string[] = [];
  private readonly allowed: RegExp[] = [];

  constructor(private readonly origin: string) {}

  /** Faults of this kind are what the test is about. */
  allow(...kinds: RegExp[]): void {
    this.allowed.push(...kinds);
  }

  over(context: BrowserContext): void {
    context.on('console', (message: ConsoleMessage) => {
      if (['error', 'warning', 'assert'].includes(message.type())) {
        this.note(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    context.on('weberror', (error) => this.note(`error on the page: ${error.error().stack}`));
    context.on('request', (request: Request) => {
      const { protocol, origin } = new URL(request.url());
      if (!['data:', 'blob:', 'about:'].includes(protocol) && origin !== this.origin) {
        this.note(`request to another place: ${request.method()} ${request.url()}`);
      }
    });
    context.on('requestfailed', (request: Request) => {
      const why = request.failure()?.errorText ?? 'unknown';
      // A page that is left drops what it was waiting for.
      if (why !== 'net::ERR_ABORTED') this.note(`failed request: ${request.method()} ${request.url()}: ${why}`);
    });
    context.on('dialog', (dialog) => {
      this.note(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  private note(fault: string): void {
    this.faults.push(fault);
  }

  check(): void {
    const faults = this.faults.filter((fault) => !this.allowed.some((kind) => kind.test(fault)));
    // Soft: it is told beside whatever else went wrong, and is often the cause.
    expect.soft(faults, 'what the browser complained about').toEqual([]);
  }
}

/** Opens an address of the console and waits until the page is awake. */
export async function visit(page: Page, path: string): Promise<void> {
  const awake = listening(page);
  await page.goto(path);
  await awake;
}

/**
 * Presses a button of a page that stays the HTML it was sent as, until the page that answers it has taken its place.
 * Words that stand on both pages would otherwise be met too early, and what comes next meet a page that is on its way out.
 */
export async function submit(page: Page, button: Locator): Promise<void> {
  const arrived = page.waitForEvent('load');
  await button.click();
  await arrived;
}

/** Until the page listens and has read again what it shows: from then on it is told of everything. */
async function listening(page: Page): Promise<void> {
  await answered(page, STREAM);
  await Promise.all(READ_AGAIN.map((path) => answered(page, path)));
}

async function answered(page: Page, path: string): Promise<void> {
  await page.waitForResponse((response) => new URL(response.url()).pathname === path, { timeout: 20_000 });
}

/** Signs in by name and password, and arrives at `next`. With JavaScript the page is awake afterwards. */
export async function signIn(page: Page, next = '/approvals', name = ADMIN, password = PASSWORD): Promise<void> {
  await page.goto(`/login?next=${encodeURIComponent(next)}`);
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  const awake = arrival(page, next);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL((url) => url.pathname + url.search === next);
  await awake;
}

/** Signs in with a one-time link. */
export async function signInByLink(page: Page, link: string): Promise<void> {
  await page.goto(link);
  const awake = arrival(page, '/approvals');
  await page.getByRole('button', { name: 'Sign in with this link' }).click();
  await page.waitForURL('**/approvals');
  await awake;
}

/** Contexts whose pages never wake up. */
const UNSCRIPTED = new WeakSet<BrowserContext>();

/** The queue, with an action open or not. */
const QUEUE = /^\/approvals(\/(?!(?:rules|groups|metrics)(\?|$))[^/?]*)?(\?|$)/;

/** Only the queue wakes up; the other pages stay the HTML they were sent as. */
function arrival(page: Page, path: string): Promise<void> {
  return UNSCRIPTED.has(page.context()) || !QUEUE.test(path) ? Promise.resolve() : listening(page);
}

/** A watched browser window of its own, as another person's would be. */
async function window(browser: Browser, watch: Watch, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  watch.over(context);
  return context.newPage();
}

/** The row of an action in the list. */
export function row(page: Page, id: string): Locator {
  return page.locator(`.rows .row:has(a[href^="/approvals/${id}"])`);
}

/** The open action's card. */
export function card(page: Page): Locator {
  return page.locator('section.detail');
}

/** Opens an action from the list, as a person does who sees it come in. */
export async function openFromList(page: Page, id: string): Promise<void> {
  const shown = row(page, id);
  const announced = page.locator('.news');
  await shown.or(announced).first().waitFor();
  if (!(await shown.isVisible())) await announced.click();
  await shown.getByRole('link').click();
  await expect(page).toHaveURL(new RegExp(`/approvals/${id}`));
}

/** Goes on looking at the action that has just been decided. */
export async function showDecided(page: Page): Promise<void> {
  await page.locator('.toast').getByRole('link', { name: 'Show' }).click();
}

interface Fixtures {
  watch: Watch;
  /** Opens another watched window; all of them are closed at the end. */
  another: (options?: BrowserContextOptions) => Promise<Page>;
  /** A page on which the administrator has signed in. */
  console: Page;
}

export const test = withServer.extend<Fixtures>({
  baseURL: async ({ server }: { server: Server }, use) => use(server.url),
  watch: async ({ baseURL }, use) => {
    const watch = new Watch(baseURL!);
    await use(watch);
    watch.check();
  },
  context: async ({ context, watch, javaScriptEnabled }, use) => {
    if (javaScriptEnabled === false) {
      UNSCRIPTED.add(context);
      // Chromium refuses to fetch what it will not run, and complains that what it fetched was for nothing.
      watch.allow(/^failed request: GET \S+\/pkg\/\S+\.js: csp$/, /\.wasm was preloaded using link preload but not used/);
    }
    watch.over(context);
    await use(context);
  },
  another: async ({ browser, watch, javaScriptEnabled }, use) => {
    const pages: Page[] = [];
    await use(async (options) => {
      const page = await window(browser, watch, options);
      if ((options?.javaScriptEnabled ?? javaScriptEnabled) === false) UNSCRIPTED.add(page.context());
      pages.push(page);
      return page;
    });
    for (const page of pages) await page.context().close();
  },
  console: async ({ page }, use) => {
    await signIn(page);
    await use(page);
  },
});

// How a page feels: when something shows first, and for how long it answers nobody. Chromium measures both itself.
import type { Page } from '@playwright/test';

interface Measured {
  /** Milliseconds of the longest task since it was asked before. */
  longestTask(): Promise<number>;
}

/** From its next page on, the window notes its long tasks. */
export async function noteTasks(page: Page): Promise<void> {
  await page.addInitScript(() => {
    let longest = 0;
    const note = (tasks: PerformanceEntry[]): void => {
      for (const task of tasks) longest = Math.max(longest, task.duration);
    };
    const observer = new PerformanceObserver((list) => note(list.getEntries()));
    observer.observe({ type: 'longtask', buffered: true });
    const measured: Measured = {
      async longestTask() {
        // What is under way ends with its picture, and is told after that.
        await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
        await new Promise((told) => setTimeout(told));
        note(observer.takeRecords());
        const found = longest;
        longest = 0;
        return found;
      },
    };
    Object.assign(globalThis, { measured });
  });
}

export function longestTask(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as unknown as { measured: Measured }).measured.longestTask());
}

/** Milliseconds from the beginning of the navigation to the first text or picture on the screen. */
export function firstPaint(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((shown) => {
        new PerformanceObserver((list) => {
          const [paint] = list.getEntriesByName('first-contentful-paint');
          if (paint) shown(paint.startTime);
        }).observe({ type: 'paint', buffered: true });
      }),
  );
}

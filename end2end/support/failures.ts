// What failed, once more and in short at the very end: whoever reads a long log reads its end.
import type { FullConfig, Reporter, Suite, TestCase, TestResult } from '@playwright/test/reporter';

const LONGEST = 900;

export default class Failures implements Reporter {
  private readonly told: string[] = [];

  onBegin(_config: FullConfig, _suite: Suite): void {}

  onTestEnd(test: TestCase, result: TestResult): void {
    if (result.status === 'skipped' || result.status === test.expectedStatus) return;
    const said = result.errors.map((error) => plain(error.message ?? error.value ?? '').slice(0, LONGEST));
    this.told.push(`${test.titlePath().filter(Boolean).join(' › ')} (${result.status} after ${result.duration} ms)\n${said.join('\n')}`);
  }

  onEnd(): void {
    for (const failure of this.told) console.log(`\n=== failed: ${failure}`);
  }
}

function plain(text: string): string {
  return text.replace(/\x1b\[[0-9;]*m/g, '');
}

// Counts checks and prints one line for each: ok, not ok with the reason, skip with the reason.

export class Tally {
  passed = 0;
  failed = 0;

  /** Runs one check; what it throws is the reason of its failure. */
  async check(name, run) {
    const start = Date.now();
    try {
      await run();
      this.passed++;
      console.log(`ok ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    } catch (error) {
      this.failed++;
      console.log(String(error?.stack ?? error).split('\n').slice(0, 12).join('\n'));
      console.log(`not ok ${name}: ${String(error?.message ?? error).split('\n')[0]}`);
    }
  }

  skip(name, reason) {
    console.log(`skip ${name}: ${reason}`);
  }

  /** The last line; the answer is the exit code. */
  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    return this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}

export function expect(condition, reason) {
  if (!condition) throw new Error(reason);
}

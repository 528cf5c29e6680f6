/** Each load of the page becomes ready to run on its own model. `LOGITSCOPE_LOADS=20` sets the number of loads. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openPage } from '../setup/browser.ts';

const embedded = JSON.parse(readFileSync('src/models/embedded.json', 'utf8')) as { fileName: string } | null;
const present = embedded !== null && existsSync(`static/models/${embedded.fileName}`);
const LOADS = Number(process.env['LOGITSCOPE_LOADS'] ?? 3);

test.skipIf(!present)(
  `${LOADS} loads of ${LOADS} become ready`,
  { tags: ['flow'], timeout: LOADS * 60_000 },
  async () => {
    let ready = 0;
    for (let load = 0; load < LOADS; load++) {
      const { page, errors, close } = await openPage();
      const button = page.getByRole('button', { name: 'Run', exact: true, disabled: false });
      ready += await button.waitFor({ timeout: 55_000 }).then(
        () => 1,
        () => 0,
      );
      expect(errors).toEqual([]);
      await close();
    }
    expect(ready).toBe(LOADS);
  },
);

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['tests/unit/test_command/hanging/*.example.ts'], pool: 'forks', maxWorkers: 1 },
});

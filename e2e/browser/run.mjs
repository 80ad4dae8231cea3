// node run.mjs NAME JSON: runs pages/NAME.mjs, whose default export gets a Kit and the arguments. Problems are printed,
// one a line; any makes the exit status 1.
import { open } from './kit.mjs';

const [name, args = '{}'] = process.argv.slice(2);
const given = JSON.parse(args);
const kit = await open(given);
try {
  const test = await import(`./pages/${name}.mjs`);
  await test.default(kit, given);
} catch (e) {
  kit.problem(e.stack);
} finally {
  await kit.close();
}
for (const p of kit.problems) console.log(p);
process.exit(kit.problems.length ? 1 : 0);

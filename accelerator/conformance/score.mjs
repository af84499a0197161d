// Prints the score of the runs, and fails when a response was reused that must not be, or when none was.
//
//   node score.mjs SUITE FOLDER       with the folders kept, uncounted and unkeyed of a run each in it

import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'

import { read } from './run.mjs'
import { open } from './suite.mjs'

const KINDS = ['required', 'optimal', 'check']
const PASSED = ['✅', 'Y']
const SETUP = '🔹'
const RUNS = [
  ['kept', 'nginx + memcached, the promise kept'],
  ['uncounted', 'nginx + memcached, the promise uncounted'],
  ['unkeyed', 'the same, but nothing has a key']
]

const [suiteFolder, runsFolder] = process.argv.slice(2)
const { name: suite, tests, verdict, peers } = await open(suiteFolder)
const of = kind => tests.filter(test => (test.kind ?? 'required') === kind)
const hasPassed = (test, results, honoured) => PASSED.includes(verdict(test, results, honoured))
let isBad = false

function row (name, results) {
  const cells = KINDS.flatMap(kind => [false, true].map(honoured =>
    of(kind).filter(test => hasPassed(test, results, honoured)).length))
  console.log(`| ${name} | ${cells.join(' | ')} |`)
}

function list (title, lines) {
  console.log(`\n${title}: ${lines.length === 0 ? 'none' : lines.length}`)
  if (lines.length > 0) console.log(`\n${lines.map(line => `- ${line}`).join('\n')}`)
}

function bad (sentence) {
  isBad = true
  console.log(`\n**${sentence}**`)
}

/** The version that a program prints, wherever it prints it. */
function version (program, flag) {
  const said = execFileSync('sh', ['-c', `${program} ${flag} 2>&1`], { encoding: 'utf8' })
  return `${program} ${/\d+\.\d+[\d.]*/.exec(said)[0]}`
}

console.log(`# A suite of tests for HTTP caches

Made by \`scripts/cache-tests --record\` on ${new Date().toISOString().slice(0, 10)}: ${suite},
${tests.length} tests; ${version('nginx', '-v')}, ${version('memcached', '-V')}, node ${process.versions.node}.
What is measured, and what the words mean: [accelerator/conformance](../../accelerator/conformance/README.md).
The peers' results were recorded by the suite's authors and come with it; they are judged here by the same code.
"Honoured": a test counts only if those that it depends on have passed.
`)

const heads = KINDS.map(kind => `${kind}, of ${of(kind).length} | honoured`)
console.log(`| | ${heads.join(' | ')} |\n| :-- |${' --: |'.repeat(2 * KINDS.length)}`)
const runs = RUNS.map(([folder, name]) => ({ name, ...read(join(runsFolder, folder)) }))
for (const run of runs) row(`**${run.name}**`, run.results)
for (const peer of peers) row(peer.name, peer.results)

for (const run of runs.slice(0, 2)) {
  console.log(`\n## ${run.name}\n`)
  console.log(`${run.answers} answers to tests came through nginx, ${run.hits} of them from memcached (which`)
  console.log(`itself counts ${run.hitsOfMemcached}). Answers that the proxy gave no policy, by its reason:`)
  console.log(`${run.notPushed.map(([reason, count]) => `${count} ${reason}`).join(', ')}.`)

  const wrong = of('required').filter(run.wasReused)
  list('Reused what must not be reused (required tests)', wrong.map(test => test.id))
  if (wrong.length > 0) bad('An answer was reused that must not be.')
  if (run.hits === 0) bad('Nothing was answered from memcached, so this run says nothing.')
  const missing = tests.filter(test => run.results[test.id] === undefined)
  if (missing.length > 0) bad(`${missing.length} tests have no result.`)

  const failed = of('required').filter(test => !hasPassed(test, run.results, false))
  const isSetup = test => verdict(test, run.results, false) === SETUP
  const isUnused = test => run.message(test).includes('does not come from cache')
  const others = failed.filter(test => !isSetup(test) && !isUnused(test))
  // Without what differs from run to run.
  const said = test => run.message(test).replaceAll(resolve(suiteFolder), 'suite')
    .replace(/(header Date is) "[^"]*"/, '$1 new')
  const names = tests => tests.map(test => `${test.id}: ${said(test)}`)
  const unkeyed = test => hasPassed(test, runs.at(-1).results, false) ? '' : '; fails where nothing has a key, too'
  const statuses = test => ` (the answers: ${run.statuses(test).join(', ')}${unkeyed(test)})`
  list('Required tests that failed because nothing was reused that might have been',
    failed.filter(test => !isSetup(test) && isUnused(test)).map(test => test.id))
  list('Required tests that failed because a hit says less than it should', names(others.filter(run.hasHit)))
  list('Required tests that failed without a hit', others.filter(test => !run.hasHit(test))
    .map(test => `${test.id}: ${said(test)}${statuses(test)}`))
  list('Required tests whose setup asks for what was not stored',
    failed.filter(isSetup).map(test => test.id))
  list('Reused although the client had asked for the origin, which binds nobody (optimal and check)',
    [...of('optimal'), ...of('check')].filter(run.wasReused).map(test => test.id))
}
process.exitCode = isBad ? 1 : 0

// The suite as unpacked from npm, or a clone of its repository, which has its files elsewhere.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const load = path => import(pathToFileURL(path))

/** Says which one it is: the version in a clone is that of the last release, however old. */
function nameOf (folder, isClone) {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  if (!isClone) return `${name} ${version} (npm)`
  const commit = execFileSync('git', ['-C', folder, 'log', '-1', '--format=%h of %cs'], { encoding: 'utf8' })
  return `${name}, a clone at ${commit.trim()}`
}

/** Returns its name, its tests, its own verdict on a result, and the results of others that come with it. */
export async function open (folder) {
  const isClone = existsSync(join(folder, 'test-engine'))
  const groups = [...(await load(join(folder, 'tests/index.mjs'))).default]
  if (!isClone) groups.push((await load(join(folder, 'tests/surrogate-control.mjs'))).default)
  const judge = isClone ? 'test-engine/lib/results.mjs' : 'lib/display.mjs'
  const { determineTestResult } = await load(join(folder, judge))
  const index = (await load(join(folder, 'results/index.mjs'))).default
  return {
    name: nameOf(folder, isClone),
    tests: groups.flatMap(group => group.tests).filter(test => test.browser_only !== true),
    verdict: (test, results, honoured) =>
      determineTestResult(groups, test.id, results, honoured)[2],
    peers: index.filter(peer => peer.type !== 'browser').map(peer => ({
      name: `${peer.name} ${peer.version ?? ''}`.trim(),
      results: JSON.parse(readFileSync(join(folder, 'results', peer.file), 'utf8'))
    }))
  }
}

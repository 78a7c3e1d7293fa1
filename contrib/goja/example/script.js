const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

async function greet(name) {
  const response = await fetch(`${site}/greet?name=${encodeURIComponent(name)}`)
  if (!response.ok) throw new Error(`status ${response.status}`)
  return (await response.json()).greeting
}

async function main() {
  setTimeout(() => console.log('a timer comes after all microtasks'), 0)
  queueMicrotask(() => console.log('a microtask comes when the script has run'))
  console.log('the script runs')
  await sleep(1)

  const greetings = await Promise.all(['Ada', 'Grace'].map(greet))
  console.log(greetings)

  try {
    await fetch(`${site}/never`, { signal: AbortSignal.timeout(10) })
  } catch (e) {
    console.log('given up:', e.name)
  }
  return shout('done')
}

main()

// The ollama and openai clients of JavaScript: what they get through Conductor is what
// they get from Ollama.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'

import { Ollama } from 'ollama'
import OpenAI from 'openai'

const urls = { direct: process.env.OLLAMA_URL, through: process.env.CONDUCTOR_URL }
const ollama = (where) => new Ollama({ host: urls[where] })
const openai = (where) =>
  new OpenAI({ baseURL: `${urls[where]}/v1`, apiKey: 'ollama', maxRetries: 0 })

const control = async (path, body) => {
  const answer = await fetch(`${urls.direct}/_scripted/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await answer.text()
  assert.ok(answer.ok, text)
  return text ? JSON.parse(text) : {}
}
const script = (how) => control('script', { default: how })

// What differs between two equal requests: times and random names.
const volatile = /(_at|_duration|^created|^id|_id|item_id|^expires_at)$/
const steady = (value) => {
  if (Array.isArray(value)) return value.map(steady)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !volatile.test(key))
      .map(([key, inner]) => [key, steady(inner)])
  )
}
const collect = async (stream) => {
  const all = []
  for await (const part of stream) all.push(part)
  return all
}
// Does it with both, checks that both got the same, and returns what came through.
const both = async (make, act) => {
  const outcome = async (where) => {
    try {
      return { value: steady(await act(make(where), where)) }
    } catch (e) {
      if (e instanceof assert.AssertionError) throw e
      return { error: e.message, status: e.status ?? e.status_code, name: e.name }
    }
  }
  const direct = await outcome('direct')
  const through = await outcome('through')
  assert.deepEqual(through, direct)
  return through
}
const answered = async (make, act) => {
  const { value, error } = await both(make, act)
  assert.equal(error, undefined)
  return value
}
const refused = async (make, act) => {
  const outcome = await both(make, act)
  assert.ok(outcome.error, 'no error was thrown')
  return outcome
}
const until = async (what, isTrue) => {
  const end = Date.now() + 20_000
  while (!(await isTrue())) {
    assert.ok(Date.now() < end, `waited 20 s for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const words = 'Grüße aus Köln: 東京, 🚀 and the rest, 1 + 1 = 2. '
const messages = [{ role: 'user', content: words }]
const tools = [
  {
    type: 'function',
    function: {
      name: 'weather',
      description: 'The weather of a city',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
]
test.beforeEach(() => script({}))

test('chat streams the same records', async () => {
  await script({ text: words, records: 30 })
  const parts = await answered(ollama, async (c) =>
    collect(await c.chat({ model: 'canned', messages, stream: true }))
  )
  assert.ok(parts.length > 20)
  assert.ok(parts.at(-1).done)
  assert.match(parts.map((p) => p.message.content).join(''), /東京, 🚀/)
})

test('chat answers whole', async () => {
  const answer = await answered(ollama, (c) => c.chat({ model: 'canned', messages, stream: false }))
  assert.ok(answer.message.content.length > 0)
})

test('an echo keeps every character', async () => {
  await script({ echo: true, size: 1 })
  const parts = await answered(ollama, async (c) =>
    collect(await c.chat({ model: 'canned', messages, stream: true }))
  )
  assert.ok(words.startsWith(parts.map((p) => p.message.content).join('').trim()))
})

test('records that arrive in single bytes are whole', async () => {
  await script({ text: words, records: 8, split: 1 })
  const through = await collect(
    await ollama('through').chat({ model: 'canned', messages, stream: true })
  )
  assert.equal(through.map((p) => p.message.content).join(''), words.split(/(?<= )/).slice(0, 8).join('').trimEnd())
})

test('generate streams and answers whole', async () => {
  const parts = await answered(ollama, async (c) =>
    collect(await c.generate({ model: 'canned', prompt: words, stream: true }))
  )
  assert.ok(parts.at(-1).done)
  const whole = await answered(ollama, (c) => c.generate({ model: 'canned', prompt: words, stream: false }))
  assert.equal(whole.response, parts.map((p) => p.response).join(''))
})

test('a model thinks', async () => {
  const parts = await answered(ollama, async (c) =>
    collect(await c.chat({ model: 'thinker', messages, stream: true, think: true }))
  )
  assert.ok(parts.some((p) => p.message.thinking))
  const whole = await answered(ollama, (c) => c.chat({ model: 'thinker', messages, think: true, stream: false }))
  assert.ok(whole.message.thinking)
})

test('a model calls a tool', async () => {
  for (const how of [{ tool: true }, { tool_in_final: true }]) {
    await script({ ...how, tool_arguments: '{"z":1,"city":"Köln","a":[2]}' })
    const parts = await answered(ollama, async (c) =>
      collect(await c.chat({ model: 'canned', messages, tools, stream: true }))
    )
    const call = parts.flatMap((p) => p.message.tool_calls ?? [])[0].function
    assert.equal(call.name, 'weather')
    assert.deepEqual(Object.keys(call.arguments), ['z', 'city', 'a'])
  }
})

test('embeddings are the same numbers', async () => {
  const { embeddings } = await answered(ollama, (c) => c.embed({ model: 'embedder', input: ['a', words] }))
  assert.equal(embeddings.length, 2)
})

test('list, show, ps and version', async () => {
  const { models } = await answered(ollama, (c) => c.list())
  assert.deepEqual(models.map((m) => m.name).sort(), ['canned:latest', 'embedder:latest', 'thinker:latest'])
  assert.ok((await answered(ollama, (c) => c.show({ model: 'canned' }))).modelfile)
  await answered(ollama, (c) => c.generate({ model: 'canned', prompt: 'load', stream: false }))
  assert.ok((await answered(ollama, (c) => c.ps())).models.some((m) => m.name === 'canned:latest'))
  assert.ok((await answered(ollama, (c) => c.version())).version)
})

test('pull reports its progress', async () => {
  const parts = await answered(ollama, async (c) => {
    const all = await collect(await c.pull({ model: 'fresh', stream: true }))
    await c.delete({ model: 'fresh' })
    return all
  })
  assert.equal(parts.at(-1).status, 'success')
  assert.ok(parts.some((p) => p.total > 0))
})

test('create uploads its blob, copy and delete follow', async () => {
  const weights = Buffer.alloc(300_000, 'weights')
  const digest = `sha256:${createHash('sha256').update(weights).digest('hex')}`
  await answered(ollama, async (c, where) => {
    const put = await fetch(`${urls[where]}/api/blobs/${digest}`, { method: 'POST', body: weights })
    const there = await fetch(`${urls[where]}/api/blobs/${digest}`, { method: 'HEAD' })
    const made = await collect(
      await c.create({ model: 'made', files: { 'made.gguf': digest }, stream: true })
    )
    await c.copy({ source: 'made', destination: 'made-too' })
    const listed = (await c.list()).models.map((m) => m.name)
    await c.delete({ model: 'made' })
    await c.delete({ model: 'made-too' })
    assert.ok([200, 201].includes(put.status))
    return [there.status, made, listed]
  })
})

test('errors have the same text', async () => {
  for (const act of [
    (c) => c.chat({ model: 'nowhere', messages, stream: false }),
    async (c) => collect(await c.chat({ model: 'nowhere', messages, stream: true })),
    (c) => c.generate({ model: 'nowhere', prompt: 'x', stream: false }),
    (c) => c.embed({ model: 'nowhere', input: 'x' }),
    (c) => c.show({ model: 'nowhere' }),
    (c) => c.delete({ model: 'nowhere' }),
    (c) => c.copy({ source: 'nowhere', destination: 'x' }),
    (c) => c.chat({ model: 'canned', messages, think: true, stream: false }),
  ])
    await refused(ollama, act)
  const { error } = await refused(ollama, (c) => c.chat({ model: 'nowhere', messages, stream: false }))
  assert.match(error, /model 'nowhere' not found/)
})

test('an error in the middle of a stream reaches the client', async () => {
  await script({ error_after: 3, error_text: 'the runner fell over: 東' })
  const { error } = await refused(ollama, async (c) =>
    collect(await c.chat({ model: 'canned', messages, stream: true }))
  )
  assert.match(error, /the runner fell over: 東/)
})

test('an abort reaches Ollama', async () => {
  await script({ gap_ms: 50, records: 1000 })
  const before = await control('stats')
  const client = ollama('through')
  const stream = await client.chat({ model: 'canned', messages, stream: true })
  let count = 0
  await assert.rejects(async () => {
    for await (const _ of stream) if (++count === 3) client.abort()
  }, { name: 'AbortError' })
  await until('Ollama to see it', async () => (await control('stats')).cancels > before.cancels)
  await until('no answer in flight', async () => (await control('stats')).in_flight === 0)
})

test('an openai chat streams the same chunks', async () => {
  await script({ text: words, records: 20 })
  const chunks = await answered(openai, async (c) =>
    collect(
      await c.chat.completions.create({
        model: 'canned', messages, stream: true, stream_options: { include_usage: true },
      })
    )
  )
  assert.match(chunks.map((c) => c.choices[0]?.delta.content ?? '').join(''), /東京, 🚀/)
  assert.ok(chunks.at(-1).usage)
})

test('an openai chat answers whole, and calls a tool', async () => {
  const whole = await answered(openai, (c) => c.chat.completions.create({ model: 'canned', messages }))
  assert.ok(whole.choices[0].message.content)
  await script({ tool: true })
  const called = await answered(openai, (c) => c.chat.completions.create({ model: 'canned', messages, tools }))
  assert.equal(called.choices[0].message.tool_calls[0].function.name, 'weather')
})

test('openai completions, embeddings and models', async () => {
  const parts = await answered(openai, async (c) =>
    collect(await c.completions.create({ model: 'canned', prompt: words, stream: true }))
  )
  assert.ok(parts.map((p) => p.choices[0]?.text ?? '').join('').length > 0)
  const { data } = await answered(openai, (c) =>
    c.embeddings.create({ model: 'embedder', input: [words, 'b'], encoding_format: 'float' })
  )
  assert.equal(data.length, 2)
  const models = await answered(openai, async (c) => collect(await c.models.list()))
  assert.equal(models.length, 3)
  await answered(openai, (c) => c.models.retrieve('canned'))
})

test('openai responses stream and answer whole', async () => {
  const events = await answered(openai, async (c) =>
    collect(await c.responses.create({ model: 'canned', input: words, stream: true }))
  )
  assert.equal(events[0].type, 'response.created')
  assert.equal(events.at(-1).type, 'response.completed')
  const whole = await answered(openai, (c) => c.responses.create({ model: 'canned', input: words }))
  assert.ok(whole.output_text.length > 0)
})

test('openai errors have the same status and text', async () => {
  const { status } = await refused(openai, (c) => c.chat.completions.create({ model: 'nowhere', messages }))
  assert.equal(status, 404)
  await refused(openai, async (c) =>
    collect(await c.chat.completions.create({ model: 'nowhere', messages, stream: true }))
  )
  await refused(openai, (c) => c.embeddings.create({ model: 'nowhere', input: 'x' }))
})

test('an openai stream that breaks says so', async () => {
  // Ollama itself ends such a stream as if it were whole: here Conductor does better.
  await script({ die_after: 3 })
  await assert.rejects(async () =>
    collect(await openai('through').chat.completions.create({ model: 'canned', messages, stream: true }))
  )
})

test('an openai abort reaches Ollama', async () => {
  await script({ gap_ms: 50, records: 1000 })
  const before = await control('stats')
  const stream = await openai('through').chat.completions.create({ model: 'canned', messages, stream: true })
  let count = 0
  for await (const _ of stream) if (++count === 3) stream.controller.abort()
  await until('Ollama to see it', async () => (await control('stats')).cancels > before.cancels)
})

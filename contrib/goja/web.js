// What browsers have beside the language, as far as it is written in JavaScript. The host is
// Go: see install.go and fetch.go. Nothing here uses names that a script can replace later.
(function (host) {
  'use strict'

  const resolved = Promise.resolve()
  const then = Function.prototype.call.bind(Promise.prototype.then)
  const bytesOf = Uint8Array

  function queueMicrotask(callback) {
    if (typeof callback !== 'function') throw new TypeError('queueMicrotask: the first argument must be a function')
    then(resolved, () => {
      try {
        callback()
      } catch (e) {
        host.report(e, 'exception in a microtask of JavaScript')
      }
    })
  }

  class DOMException extends Error {
    #name
    constructor(message = '', name = 'Error') {
      super(message)
      this.#name = String(name)
    }
    get name() { return this.#name }
  }

  class AbortSignal {
    #reason
    #aborted = false
    #listeners = []
    static abortNow(signal, reason) { signal.#abort(reason) }

    constructor(key) {
      if (key !== internal) throw new TypeError('Illegal constructor: use new AbortController()')
      this.onabort = null
    }
    get aborted() { return this.#aborted }
    get reason() { return this.#reason }
    throwIfAborted() { if (this.#aborted) throw this.#reason }
    addEventListener(type, listener, options) {
      if (type !== 'abort' || listener == null) return
      if (this.#listeners.some((l) => l.listener === listener)) return
      this.#listeners.push({ listener, once: typeof options === 'object' && options !== null && !!options.once })
    }
    removeEventListener(type, listener) {
      if (type === 'abort') this.#listeners = this.#listeners.filter((l) => l.listener !== listener)
    }
    #abort(reason) {
      if (this.#aborted) return
      this.#aborted = true
      this.#reason = reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason
      const event = { type: 'abort', target: this, currentTarget: this }
      const listeners = this.#listeners
      this.#listeners = listeners.filter((l) => !l.once)
      for (const l of [{ listener: this.onabort }, ...listeners]) {
        if (l.listener == null) continue
        try {
          if (typeof l.listener === 'function') l.listener.call(this, event)
          else l.listener.handleEvent(event)
        } catch (e) {
          host.report(e, 'exception in a listener of an AbortSignal')
        }
      }
    }
    static abort(reason) {
      const signal = new AbortSignal(internal)
      signal.#abort(reason)
      return signal
    }
    static timeout(milliseconds) {
      const signal = new AbortSignal(internal)
      host.later(() => signal.#abort(new DOMException('The operation timed out', 'TimeoutError')), milliseconds)
      return signal
    }
    static any(signals) {
      const all = [...signals]
      const signal = new AbortSignal(internal)
      const first = all.find((s) => s.aborted)
      if (first) signal.#abort(first.reason)
      else for (const s of all) s.addEventListener('abort', () => signal.#abort(s.reason), { once: true })
      return signal
    }
  }
  const internal = {}
  const abortNow = AbortSignal.abortNow
  delete AbortSignal.abortNow

  class AbortController {
    #signal = new AbortSignal(internal)
    get signal() { return this.#signal }
    abort(reason) { abortNow(this.#signal, reason) }
  }

  const nameForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
  const valueForm = /^[^\0\r\n]*$/

  class Headers {
    #list = [] // of [name in lower case, value]
    constructor(init) {
      if (init == null) return
      if (typeof init !== 'object') throw new TypeError('Headers: the argument must be an object, an array of pairs or Headers')
      const pairs = typeof init[Symbol.iterator] === 'function' ? init : Object.entries(init)
      for (const pair of pairs) {
        const [name, value, ...more] = pair
        if (value === undefined || more.length > 0) throw new TypeError('Headers: each header must be a pair')
        this.append(name, value)
      }
    }
    static #name(name) {
      name = String(name)
      if (!nameForm.test(name)) throw new TypeError(`Headers: invalid name '${name}'`)
      return name.toLowerCase()
    }
    append(name, value) {
      name = Headers.#name(name)
      value = String(value).trim()
      if (!valueForm.test(value)) throw new TypeError(`Headers: invalid value of '${name}'`)
      this.#list.push([name, value])
    }
    delete(name) {
      name = Headers.#name(name)
      this.#list = this.#list.filter((h) => h[0] !== name)
    }
    get(name) {
      name = Headers.#name(name)
      const values = this.#list.filter((h) => h[0] === name).map((h) => h[1])
      return values.length > 0 ? values.join(', ') : null
    }
    getSetCookie() { return this.#list.filter((h) => h[0] === 'set-cookie').map((h) => h[1]) }
    has(name) {
      name = Headers.#name(name)
      return this.#list.some((h) => h[0] === name)
    }
    set(name, value) {
      this.delete(name)
      this.append(name, value)
    }
    forEach(f, thisArg) { for (const [name, value] of this) f.call(thisArg, value, name, this) }
    * entries() {
      const names = [...new Set(this.#list.map((h) => h[0]))].sort()
      for (const name of names) {
        if (name === 'set-cookie') for (const value of this.getSetCookie()) yield [name, value]
        else yield [name, this.get(name)]
      }
    }
    * keys() { for (const h of this.entries()) yield h[0] }
    * values() { for (const h of this.entries()) yield h[1] }
    [Symbol.iterator]() { return this.entries() }
  }

  // A body as an ArrayBuffer and the type that it has by itself, or undefined.
  function bodyOf(body) {
    if (body == null) return undefined
    if (body instanceof ArrayBuffer) return { buffer: body.slice(0) }
    if (ArrayBuffer.isView(body)) return { buffer: body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength) }
    return { buffer: host.encode(String(body)), type: 'text/plain;charset=UTF-8' }
  }

  const empty = Promise.resolve(new ArrayBuffer(0))

  class Response {
    #head
    #body // a promise of an ArrayBuffer; null without a body
    #used = false
    constructor(body, init = {}, head, received) {
      if (head !== internal) {
        const status = init.status === undefined ? 200 : Number(init.status)
        if (!(status >= 200 && status <= 599)) throw new RangeError('Response: the status must be from 200 to 599')
        const own = bodyOf(body)
        const headers = new Headers(init.headers)
        if (own && own.type && !headers.has('content-type')) headers.set('content-type', own.type)
        received = own ? Promise.resolve(own.buffer) : null
        init = { status, statusText: String(init.statusText === undefined ? '' : init.statusText), headers, url: '', redirected: false, type: 'default' }
      }
      this.#head = init
      this.#body = received
    }
    get status() { return this.#head.status }
    get statusText() { return this.#head.statusText }
    get ok() { return this.status >= 200 && this.status <= 299 }
    get headers() { return this.#head.headers }
    get url() { return this.#head.url }
    get redirected() { return this.#head.redirected }
    get type() { return this.#head.type }
    get bodyUsed() { return this.#used }
    clone() {
      if (this.#used) throw new TypeError('Response: the body has been read')
      return new Response(null, { ...this.#head, headers: new Headers(this.headers) }, internal, this.#body)
    }
    async arrayBuffer() {
      if (this.#used) throw new TypeError('Response: the body has been read')
      this.#used = this.#body !== null
      return (await (this.#body || empty)).slice(0)
    }
    async bytes() { return new bytesOf(await this.arrayBuffer()) }
    async text() { return host.decode(await this.arrayBuffer()) }
    async json() { return JSON.parse(await this.text()) }
    static json(data, init = {}) {
      const headers = new Headers(init.headers)
      if (!headers.has('content-type')) headers.set('content-type', 'application/json')
      return new Response(JSON.stringify(data), { ...init, headers })
    }
    static error() {
      return new Response(null, { status: 0, statusText: '', headers: new Headers(), url: '', redirected: false, type: 'error' }, internal, null)
    }
  }

  const plainMethods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']

  function requestOf(resource, init) {
    let method = init.method === undefined ? 'GET' : String(init.method)
    if (plainMethods.includes(method.toUpperCase())) method = method.toUpperCase()
    const body = bodyOf(init.body)
    if (body && (method === 'GET' || method === 'HEAD')) throw new TypeError(`fetch: a request with method ${method} cannot have a body`)
    const headers = new Headers(init.headers)
    if (body && body.type && !headers.has('content-type')) headers.set('content-type', body.type)
    const redirect = init.redirect === undefined ? 'follow' : String(init.redirect)
    if (!['follow', 'error', 'manual'].includes(redirect)) throw new TypeError(`fetch: redirect must be follow, error or manual, not '${redirect}'`)
    return { method, url: String(resource), headers: [...headers], body: body && body.buffer, redirect }
  }

  function failed(message, cause) {
    const e = new TypeError(`fetch failed: ${message}`)
    e.cause = cause
    return e
  }

  function fetch(resource, init = {}) {
    return new Promise((resolve, reject) => {
      init = init === null ? {} : init
      const signal = init.signal
      if (signal != null && !(signal instanceof AbortSignal)) throw new TypeError('fetch: signal must be an AbortSignal')
      const request = requestOf(resource, init)
      if (signal) signal.throwIfAborted()
      let fulfillBody, rejectBody
      const received = new Promise((f, r) => { fulfillBody = f; rejectBody = r })
      then(received, undefined, () => {}) // nobody need read it
      const fail = (reason) => {
        if (signal) signal.removeEventListener('abort', aborted)
        reject(reason)
        rejectBody(reason)
      }
      const aborted = () => {
        host.abort(id)
        fail(signal.reason)
      }
      const id = host.fetch(request, {
        head(head) {
          head.headers = new Headers(head.headers)
          resolve(new Response(null, head, internal, received))
        },
        body(buffer) {
          if (signal) signal.removeEventListener('abort', aborted)
          fulfillBody(buffer)
        },
        fail(message, cause) { fail(failed(message, cause)) },
      })
      if (signal) signal.addEventListener('abort', aborted)
    })
  }

  return { queueMicrotask, DOMException, AbortSignal, AbortController, Headers, Response, fetch }
})

/** What a deadline may end. */
export interface Expiring {
  /** Milliseconds from `add`. */
  readonly deadline: number
  expire (): void
}

/**
 * Deadlines of a route's handlers. One unref'd timer per length instead of one per handler: most handlers settle long
 * before, and arming a timer costs more than handling a message.
 */
export class Deadlines {
  private readonly now: () => number
  private readonly queues = new Map<number, Queue>()

  constructor (now: () => number) {
    this.now = now
  }

  /** Lengths that are armed. */
  get size (): number {
    return this.queues.size
  }

  add (item: Expiring): void {
    let queue = this.queues.get(item.deadline)
    if (queue === undefined) {
      queue = { items: new Map(), timer: this.arm(item.deadline, item.deadline) }
      this.queues.set(item.deadline, queue)
    }
    queue.items.set(item, this.now() + item.deadline)
  }

  delete (item: Expiring): void {
    this.queues.get(item.deadline)?.items.delete(item)
  }

  /** What comes of `work`, or of `late` where its time is over before. Rejects as `work` does. */
  within<R> (deadline: number, work: Promise<R>, late: () => R): Promise<R> {
    return new Promise((resolve, reject) => {
      const item = { deadline, expire: () => { resolve(late()) } }
      this.add(item)
      void work.then(resolve, reject).finally(() => { this.delete(item) })
    })
  }

  /** Stops timers that wait for nothing. */
  sweep (): void {
    for (const [length, queue] of this.queues) {
      if (queue.items.size > 0) continue
      clearTimeout(queue.timer)
      this.queues.delete(length)
    }
  }

  private arm (length: number, wait: number): NodeJS.Timeout {
    return setTimeout(() => { this.fire(length) }, wait).unref()
  }

  private fire (length: number): void {
    const queue = this.queues.get(length)
    if (queue === undefined) return
    const now = this.now()
    // Insertion order is the order in which they are due.
    for (const [item, due] of queue.items) {
      if (due > now) {
        queue.timer = this.arm(length, Math.max(1, Math.ceil(due - now)))
        return
      }
      queue.items.delete(item)
      item.expire()
    }
    if (this.queues.get(length) === queue) this.queues.delete(length)
  }
}

interface Queue {
  readonly items: Map<Expiring, number>
  timer: NodeJS.Timeout
}

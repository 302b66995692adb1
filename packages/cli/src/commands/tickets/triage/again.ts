/** Runs one thing at a time: what is asked for while it runs makes it run once more, at most once every `gap`. */
export class Again {
  readonly #work: () => Promise<void>
  readonly #gap: number
  #running = false
  #wanted = false

  constructor(work: () => Promise<void>, gap: number) {
    this.#work = work
    this.#gap = gap
  }

  ask(): void {
    this.#wanted = true
    if (!this.#running) void this.#run()
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#wanted) {
      this.#wanted = false
      await this.#work()
      await new Promise((resolve) => setTimeout(resolve, this.#gap))
    }
    this.#running = false
  }
}

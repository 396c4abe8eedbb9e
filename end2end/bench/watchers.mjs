// Listeners to the live stream, as open tabs are.
export class Watchers {
  static async open(server, token, count) {
    const watchers = new Watchers();
    watchers.told = 0;
    watchers.end = new AbortController();
    const url = `http://${server.addr}/api/approvals/events/stream`;
    const options = { headers: { authorization: `Bearer ${token}` }, signal: watchers.end.signal };
    for (let opened = 0; opened < count; opened += 1) {
      const answer = await fetch(url, options);
      if (!answer.ok) throw new Error(`a watcher is answered ${answer.status}`);
      void watchers.read(answer.body);
    }
    return watchers;
  }

  async read(body) {
    try {
      for await (const piece of body) this.told += piece.length > 0 ? 1 : 0;
    } catch (error) {
      if (!this.end.signal.aborted) throw error;
    }
  }

  /** Ends them all, and answers how often they were told something. */
  close() {
    this.end.abort();
    return this.told;
  }
}

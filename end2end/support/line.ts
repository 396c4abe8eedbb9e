// The line between a browser and the server: real connections, which can be cut, fall silent, or lose what they carry.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server as Listener, type Socket } from 'node:net';

import type { Server } from './server';

/** What becomes of a request: it never arrives, its answer never arrives, or nothing is ever heard of it again. */
export type Trouble = 'cut' | 'answer lost' | 'silence';

const EVERYTHING = '';

export class Line {
  private readonly troubles = new Map<string, Trouble>();
  private readonly open = new Map<Socket, string>();

  private constructor(private readonly listener: Listener) {}

  static async to(server: Server): Promise<Line> {
    const line: Line = new Line(createServer((socket) => line.carry(socket, server.port)).listen(0, '127.0.0.1'));
    await once(line.listener, 'listening');
    return line;
  }

  /** Where it begins: as good as the server's own address. */
  get url(): string {
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  /** From now on, and for what is under way: requests to this path, or all of them. */
  break(trouble: Trouble, path = EVERYTHING): void {
    this.troubles.set(path, trouble);
    if (trouble !== 'cut') return;
    for (const [socket, asked] of this.open) if (this.troubleOf(asked)) socket.destroy();
  }

  /** All is well again; whoever lost something asks again by himself. */
  mend(): void {
    this.troubles.clear();
  }

  async close(): Promise<void> {
    this.listener.close();
    for (const socket of this.open.keys()) socket.destroy();
    await once(this.listener, 'close');
  }

  private troubleOf(path: string): Trouble | undefined {
    return this.troubles.get(path) ?? this.troubles.get(EVERYTHING);
  }

  private carry(near: Socket, port: number): void {
    const far = connect(port, '127.0.0.1');
    this.open.set(near, EVERYTHING);
    near.setNoDelay();
    far.setNoDelay();
    near.on('data', (bytes) => {
      const asked = /^[A-Z]+ ([^ ?]+)\S* HTTP\//.exec(bytes.toString('latin1'))?.[1];
      if (asked) this.open.set(near, asked);
      if (this.troubleOf(this.open.get(near)!) === 'cut') near.destroy();
      else far.write(bytes);
    });
    far.on('data', (bytes) => {
      const trouble = this.troubleOf(this.open.get(near) ?? EVERYTHING);
      if (trouble === 'answer lost') near.destroy();
      else if (trouble !== 'silence') near.write(bytes);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      // A connection that breaks is what this is for: it closes.
      one.on('error', () => one.destroy());
      one.on('close', () => {
        this.open.delete(one);
        other.destroy();
      });
      one.on('end', () => other.end());
    }
  }
}

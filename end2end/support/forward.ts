// A request handed on to another server as it came, but for its headers.
import http from 'node:http';

/** Whoever goes takes the request along; an answer that does not come is a connection that ends. */
export function forward(asked: http.IncomingMessage, answer: http.ServerResponse, to: URL, headers: http.OutgoingHttpHeaders): void {
  const onward = http.request(to, { method: asked.method, headers }, (came) => {
    answer.writeHead(came.statusCode!, came.headers);
    came.pipe(answer);
  });
  onward.on('error', () => answer.destroy());
  answer.on('close', () => onward.destroy());
  asked.pipe(onward);
}

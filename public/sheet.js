// The sheet of a rule is checked while it is written: the form is posted to its own address as by its button "Check", and
// what the answer says of the rule takes the place of what stands there. No field is touched; without this file the button
// does the same.
const PAUSE_MS = 400;

const form = document.querySelector('form.written');
const panel = document.getElementById('panel');
// What is wrong with a field is told once somebody has been there.
const visited = new Set([panel.id, 'panel-says']);
let timer;
let running;

form.addEventListener('input', ({ target }) => {
  visited.add(target.getAttribute('aria-describedby') ?? target.closest('fieldset')?.getAttribute('aria-describedby'));
  clearTimeout(timer);
  timer = setTimeout(check, PAUSE_MS);
});
form.addEventListener('submit', stop);

function stop() {
  clearTimeout(timer);
  running?.abort();
  running = undefined;
}

async function check() {
  running?.abort();
  const own = (running = new AbortController());
  panel.setAttribute('aria-busy', 'true');
  try {
    show(await ask(own.signal));
  } catch {
    // What was typed since is being asked about.
    if (running !== own) return;
    panel.replaceChildren(form.querySelector('template').content.cloneNode(true));
  }
  panel.removeAttribute('aria-busy');
}

async function ask(signal) {
  const body = new URLSearchParams(new FormData(form));
  body.set('check', 'live');
  const answer = await fetch(form.action, { method: 'POST', body, signal, headers: { accept: 'text/html' } });
  // Led elsewhere: the session has ended.
  if (!answer.ok || answer.redirected) throw new Error(`${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), 'text/html');
}

function show(page) {
  const focused = panel.contains(document.activeElement) ? document.activeElement.name : undefined;
  for (const now of form.querySelectorAll('[data-live]')) {
    const next = page.getElementById(now.id);
    if (!next || !visited.has(now.id)) continue;
    now.replaceChildren(...next.childNodes);
    now.hidden = next.hidden;
    if (now.classList.contains('bad-words')) mark(now);
  }
  if (focused) panel.querySelector(`[name="${focused}"]`)?.focus();
}

function mark(error) {
  for (const field of form.querySelectorAll(`.input[aria-describedby="${error.id}"]`)) {
    if (error.hidden) field.removeAttribute('aria-invalid');
    else field.setAttribute('aria-invalid', 'true');
  }
}

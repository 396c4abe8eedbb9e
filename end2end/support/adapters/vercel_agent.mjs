// An agent of the Vercel AI SDK whose model is scripted: it sends the mail it was given, and repeats what it read about it.
import { appendFile } from 'node:fs/promises';

import { generateText, stepCountIs, tool } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { z } from 'zod';

import { Gate } from '../../agents/vercel_ai_gate.mjs';

const [mail, outbox] = process.argv.slice(2);
const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
const said = (content, unified) => ({ content, finishReason: { unified, raw: undefined }, usage, warnings: [] });

const model = new MockLanguageModelV4({
  doGenerate: async ({ prompt }) => {
    const last = prompt.at(-1);
    if (last.role !== 'tool') return said([{ type: 'tool-call', toolCallId: 'call-1', toolName: 'send_email', input: mail }], 'tool-calls');
    const { output } = last.content.find((part) => part.type === 'tool-result');
    return said([{ type: 'text', text: `I read: ${output.value ?? output.reason}` }], 'stop');
  },
});
const gate = new Gate('vercel-1');
const tools = gate.guard({
  send_email: tool({
    description: 'Sends a mail',
    inputSchema: z.object({ to: z.string(), subject: z.string() }),
    execute: async ({ to, subject }) => {
      await appendFile(outbox, `${JSON.stringify({ to, subject })}\n`);
      return 'sent';
    },
  }),
});
const { text } = await generateText({ model, tools, toolApproval: gate.approval, stopWhen: stepCountIs(5), prompt: 'send it' });
console.log(text);

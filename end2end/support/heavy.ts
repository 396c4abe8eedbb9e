// Calls as heavy as an agent may park them.
const times = <T>(count: number, make: (number: number) => T): T[] => Array.from({ length: count }, (_, number) => make(number));

/** As many elements as a text can ask for: every other letter is shown by a mark. */
const unseen = (letters: number): string => 'a\u200b'.repeat(letters / 2);

export const HEAVY: Record<string, Record<string, unknown>> = {
  '900 kB in many values': { notes: times(1_280, (number) => `note ${number}: ${'so many words of a long report '.repeat(22)}`) },
  'twenty thousand keys': Object.fromEntries(times(20_000, (number) => [`key ${number}`, number])),
  'one text of 800 kB': { text: 'All the words of a long report, line after line.\n'.repeat(16_400) },
  'one text of letters that nobody sees': { text: unseen(400_000) },
  'many texts of letters that nobody sees': { notes: times(600, () => unseen(660)) },
  'many names of letters that nobody sees': Object.fromEntries(times(1_000, (number) => [unseen(70) + number, null])),
  // They are shown once more before they are approved.
  'many recipients of letters that nobody sees': { to: times(600, () => unseen(660)) },
};

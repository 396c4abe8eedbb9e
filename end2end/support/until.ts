/** What `look` answers once it answers something; a look that fails is another one. */
export async function until<T>(look: () => Promise<T>, within = 20_000): Promise<T> {
  for (const deadline = Date.now() + within; ; ) {
    try {
      const found = await look();
      if (found) return found;
      if (Date.now() > deadline) throw new Error('it has not come about');
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

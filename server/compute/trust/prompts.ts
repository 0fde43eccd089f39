import { randomInt } from "node:crypto";

/**
 * What challenges ask: ordinary requests, put together anew each time, so that no list of known questions helps and
 * nothing tells them from anybody else's.
 */
const PEOPLE = ["a nurse", "two brothers", "an old sailor", "the new teacher", "my neighbour", "a young chemist"];
const PLACES = ["a harbour town", "the night train", "a small bakery", "the library", "a mountain village", "the lab"];
const THINGS = ["a lost umbrella", "the last letter", "a broken clock", "a green notebook", "the wrong key", "a map"];
const TOPICS = [
  "why the sky is blue",
  "how a bicycle stays upright",
  "what a budget is",
  "how rain forms",
  "what yeast does",
];
const NOUNS = ["rivers", "tools", "fruits", "cities", "instruments", "birds", "metals"];

const one = <Item>(list: readonly Item[]): Item => {
  const item = list[randomInt(list.length)];
  if (item === undefined) throw new Error("There is nothing to choose from.");
  return item;
};

const FORMS: readonly (() => string)[] = [
  () => `Write a short story about ${one(PEOPLE)} and ${one(THINGS)} in ${one(PLACES)}.`,
  () => `Explain ${one(TOPICS)} to a child of ${randomInt(6, 13)}.`,
  () => `List ${randomInt(3, 9)} ${one(NOUNS)} and say one thing about each.`,
  () => `What is ${randomInt(12, 99)} plus ${randomInt(12, 99)}? Show how you get there.`,
  () => `Give me a title for a book about ${one(THINGS)} and ${one(PEOPLE)}.`,
  () => `Translate into French: ${one(PEOPLE)} forgot ${one(THINGS)} in ${one(PLACES)}.`,
  () => `Describe ${one(PLACES)} at ${randomInt(1, 12)} in the morning.`,
  () => `Continue: "On the ${randomInt(2, 29)}th, ${one(PEOPLE)} found ${one(THINGS)}`,
];

const MARKED: readonly ((name: string) => string)[] = [
  (name) => `Write a friendly note to ${name}, who just moved to ${one(PLACES)}.`,
  (name) => `Tell a story in which ${name} finds ${one(THINGS)} in ${one(PLACES)}.`,
  (name) => `${name} asked me to explain ${one(TOPICS)}. What should I say?`,
  (name) => `Invent a short biography of ${name}, ${one(PEOPLE)}.`,
];

export const newPrompt = (): string => one(FORMS)();
export const newMarkedPrompt = (name: string): string => one(MARKED)(name);

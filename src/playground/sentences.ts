/** One sentence in several languages. Its number of tokens depends on the texts that the tokenizer was trained on. */
export interface Sentence {
  readonly language: string;
  /** BCP 47, for the browser's fonts and screen readers. */
  readonly lang: string;
  readonly text: string;
}

export const sentences: readonly Sentence[] = [
  { language: 'English', lang: 'en', text: 'The little dog ran to the river and drank the cold water.' },
  { language: 'German', lang: 'de', text: 'Der kleine Hund lief zum Fluss und trank das kalte Wasser.' },
  { language: 'French', lang: 'fr', text: 'Le petit chien courut à la rivière et but l’eau froide.' },
  { language: 'Polish', lang: 'pl', text: 'Mały pies pobiegł do rzeki i napił się zimnej wody.' },
  { language: 'Greek', lang: 'el', text: 'Το σκυλάκι έτρεξε στο ποτάμι και ήπιε το κρύο νερό.' },
  { language: 'Arabic', lang: 'ar', text: 'ركض الكلب الصغير إلى النهر وشرب الماء البارد.' },
  { language: 'Hindi', lang: 'hi', text: 'छोटा कुत्ता नदी की ओर दौड़ा और ठंडा पानी पिया।' },
  { language: 'Japanese', lang: 'ja', text: '小さな犬は川へ走って行き、冷たい水を飲んだ。' },
  { language: 'Emoji', lang: 'en', text: '🐕🏃‍♂️🌊😋💧' },
];

/** Bounds on a link, which is hostile until proved otherwise. */

/** Longest fragment that is read, in characters: a few times what Share writes, and quick to parse. */
export const maxFragmentLength = 200_000;

/** Chats, mails and servers' logs begin to cut links beyond this many characters; Share then offers a file. */
export const shareableLength = 8_000;

/** `key=value` pairs in one link. Settings have some forty names; stops, breakers and turns may repeat. */
export const maxPairs = 1_000;

/** Most lanes of one link: the widest batch of any engine here. */
export const maxLanes = 16;

/** Most stop sequences, DRY breakers, turns of a chat and biased tokens, each. */
export const maxEntries = 256;

/** Largest inflated record, in bytes. A record of 8,000 characters inflates to about 20,000 bytes, and checking takes time. */
export const maxInflatedBytes = 256 * 1024;

/** Bounds on a link, which is hostile until proved otherwise. Each is a count, and each has its reason. */

/** Characters of a fragment that are read at all: a few times what Share writes, and quick to go through. */
export const maxFragmentLength = 200_000;

/** Characters beyond which chats, mails and servers' logs begin to cut a link; Share offers a file instead. */
export const shareableLength = 8_000;

/** `key=value` pairs in one link. Settings have some forty names; stops, breakers and turns may repeat. */
export const maxPairs = 1_000;

/** Lanes that one link may ask for; the widest batch of any engine here. */
export const maxLanes = 16;

/** Stop sequences, DRY breakers, turns of a chat and biased tokens, each. */
export const maxEntries = 256;

/** Bytes that a recording may come to when it is inflated. One of 8,000 characters has some 20,000, and checking takes time. */
export const maxInflatedBytes = 256 * 1024;

/* The serial line: interrupt-driven both ways, whole frames only. */
#ifndef LINK_H
#define LINK_H

#include <stdint.h>

void link_init(void);
/* Next byte from the host, or -1. */
int16_t link_read(void);
/* Bytes that can be handed over now. */
uint8_t link_room(void);
/* Hands over a frame; waits for room if there is none, for a frame's time at most. */
void link_write(const uint8_t *wire, uint8_t len);
/* Waits until the last bit has left. */
void link_flush(void);
/* Bytes that came and found no room; wraps. */
uint16_t link_overruns(void);

#endif

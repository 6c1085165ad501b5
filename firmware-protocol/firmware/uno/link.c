#include "link.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#include "config.h"

#define RX_LEN 64 /* a power of two; 5.5 ms of bytes */

/* Indices of eight bits wrap by themselves: one byte of the 256 is never used. */
static volatile uint8_t tx[256];
static volatile uint8_t tx_head, tx_tail;
static volatile uint8_t rx[RX_LEN];
static volatile uint8_t rx_head, rx_tail;
static volatile uint16_t overruns;

void link_init(void)
{
    UBRR0 = (F_CPU + 4UL * BAUD) / (8UL * BAUD) - 1;
    UCSR0A = _BV(U2X0);
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

ISR(USART_RX_vect)
{
    uint8_t status = UCSR0A;
    uint8_t byte = UDR0;
    uint8_t next = (rx_head + 1) & (RX_LEN - 1);
    if (status & _BV(DOR0)) {
        overruns++;
    }
    if (next == rx_tail) {
        overruns++;
        return;
    }
    /* A byte with a broken stop bit is kept: the checksum judges the frame. */
    rx[rx_head] = byte;
    rx_head = next;
}

ISR(USART_UDRE_vect)
{
    if (tx_head == tx_tail) {
        UCSR0B &= ~_BV(UDRIE0);
        return;
    }
    /* Cleared by writing a one: then TXC0 set means that this byte has left. */
    UCSR0A = _BV(U2X0) | _BV(TXC0);
    UDR0 = tx[tx_tail++];
}

int16_t link_read(void)
{
    uint8_t byte;
    if (rx_head == rx_tail) {
        return -1;
    }
    byte = rx[rx_tail];
    rx_tail = (rx_tail + 1) & (RX_LEN - 1);
    return byte;
}

uint8_t link_room(void)
{
    return (uint8_t)(tx_tail - tx_head - 1);
}

void link_write(const uint8_t *wire, uint8_t len)
{
    while (link_room() < len) {
    }
    while (len-- > 0) {
        tx[tx_head] = *wire++;
        tx_head++;
    }
    UCSR0B |= _BV(UDRIE0);
}

void link_flush(void)
{
    while (tx_head != tx_tail) {
    }
    while (!(UCSR0A & _BV(TXC0))) {
    }
}

uint16_t link_overruns(void)
{
    uint16_t count;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        count = overruns;
    }
    return count;
}

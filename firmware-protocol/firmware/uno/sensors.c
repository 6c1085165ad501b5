#include "sensors.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>
#include <util/delay.h>

#include "config.h"

#define RING_LEN 128 /* a power of two; 128 ms */
#define DOUT _BV(PD2)
#define SCK _BV(PD4)
#define TICKS_PER_US (F_CPU / 1000000UL)

static volatile uint64_t beat_us; /* device clock at the last beat of the timer */

static volatile uint16_t ring[RING_LEN];
static volatile uint8_t ring_head, ring_tail;
static volatile uint8_t is_collecting, is_gap;
static volatile uint32_t lost;
static volatile uint32_t conversions; /* since boot: number k was taken at k milliseconds */
static uint32_t next_conversion;      /* of the oldest code in the ring */

static volatile uint8_t pressure_is_ready;
static volatile uint32_t pressure_us;

void sensors_init(void)
{
    /* EMG: reference AVCC, A0; 125 kHz, so a conversion takes 104 us. */
    ADMUX = _BV(REFS0) | EMG_CHANNEL;
    DIDR0 = 0x3F;
    ADCSRA = _BV(ADEN) | _BV(ADIE) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);
    /* A beat every millisecond. */
    OCR1A = (uint16_t)(F_CPU / 1000UL * EMG_PERIOD_MS - 1);
    TCCR1A = 0;
    TCCR1B = _BV(WGM12) | _BV(CS10);
    TIMSK1 = _BV(OCIE1A);
    /* Pressure: the chip pulls DOUT down when it has a value. */
    PORTD &= ~SCK;
    DDRD |= SCK;
    PORTD |= DOUT; /* pulled up: without a chip it never looks ready */
    EICRA = _BV(ISC01);
    EIFR = _BV(INTF0);
    EIMSK = _BV(INT0);
    /* It may have been ready before we listened. */
    if (!(PIND & DOUT)) {
        pressure_is_ready = 1;
    }
}

ISR(TIMER1_COMPA_vect)
{
    ADCSRA |= _BV(ADSC);
    beat_us += 1000UL * EMG_PERIOD_MS;
}

ISR(ADC_vect)
{
    uint16_t code = ADC;
    uint8_t next = (ring_head + 1) & (RING_LEN - 1);
    conversions++;
    if (!is_collecting) {
        return;
    }
    /* Once one is lost, so is all that follows until the ring has been emptied: a hole is told of
     * before a frame, and never inside one. */
    if (is_gap || next == ring_tail) {
        is_gap = 1;
        lost++;
        return;
    }
    ring[ring_head] = code;
    ring_head = next;
}

ISR(INT0_vect)
{
    /* Until the value has been read, DOUT moves for other reasons. */
    EIMSK = 0;
    pressure_us = (uint32_t)clock_us();
    pressure_is_ready = 1;
}

uint64_t clock_us(void)
{
    uint64_t beat;
    uint16_t ticks;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        ticks = TCNT1;
        beat = beat_us;
        /* A beat that has come and could not be counted yet. */
        if (TIFR1 & _BV(OCF1A) && ticks < OCR1A / 2) {
            beat += 1000UL * EMG_PERIOD_MS;
        }
    }
    return beat + ticks / TICKS_PER_US;
}

uint32_t clock_ms(void)
{
    uint32_t beats;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        beats = conversions;
    }
    return beats * EMG_PERIOD_MS;
}

void emg_start(void)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        ring_head = ring_tail = 0;
        is_gap = 0;
        lost = 0;
        next_conversion = conversions + 1;
        is_collecting = 1;
    }
}

uint8_t emg_waiting(void)
{
    return (ring_head - ring_tail) & (RING_LEN - 1);
}

uint16_t emg_take(uint32_t *time_us)
{
    uint16_t code = ring[ring_tail];
    ring_tail = (ring_tail + 1) & (RING_LEN - 1);
    *time_us = next_conversion++ * 1000UL * EMG_PERIOD_MS;
    return code;
}

uint32_t emg_lost(void)
{
    uint32_t count = 0;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        if (is_gap && ring_head == ring_tail) {
            count = lost;
            lost = 0;
            is_gap = 0;
        }
    }
    next_conversion += count;
    return count;
}

/* One pulse: high for 0.2 to 50 us, or the chip goes to sleep, so nothing may come between. */
static uint8_t pulse(void)
{
    uint8_t bit;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        PORTD |= SCK;
        _delay_us(1);
        bit = (PIND & DOUT) != 0;
        PORTD &= ~SCK;
    }
    _delay_us(1);
    return bit;
}

void pressure_restart(void)
{
    int32_t code;
    uint32_t time_us;
    (void)pressure_take(&code, &time_us);
}

uint8_t pressure_take(int32_t *code, uint32_t *time_us)
{
    uint32_t bits = 0;
    uint8_t i;
    if (!pressure_is_ready) {
        return 0;
    }
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        *time_us = pressure_us;
    }
    for (i = 0; i < 24; i++) {
        bits = bits << 1 | pulse();
    }
    for (; i < PRESSURE_PULSES; i++) {
        (void)pulse();
    }
    pressure_is_ready = 0;
    EIFR = _BV(INTF0);
    EIMSK = _BV(INT0);
    *code = (int32_t)(bits << 8) >> 8;
    return 1;
}

/* Before the first conversion of EMG, with the interrupts off. */
void noise(uint8_t *bytes)
{
    uint8_t raw[64];
    uint8_t i;
    uint32_t sum;
    ADMUX = _BV(REFS0) | 5; /* A5, open */
    ADCSRA = _BV(ADEN) | _BV(ADPS1);
    for (i = 0; i < sizeof raw; i++) {
        uint8_t j, byte = 0;
        for (j = 0; j < 8; j++) {
            ADCSRA |= _BV(ADSC);
            while (ADCSRA & _BV(ADSC)) {
            }
            byte = (uint8_t)(byte << 1 | byte >> 7) ^ (uint8_t)ADC;
        }
        raw[i] = byte;
    }
    sum = lev_crc32c(raw, sizeof raw);
    for (i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(sum >> (8 * i));
    }
    sum = lev_crc32c(raw, sizeof raw / 2);
    for (i = 0; i < 4; i++) {
        bytes[4 + i] = (uint8_t)(sum >> (8 * i));
    }
}

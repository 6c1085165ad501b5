/*
 * For the tests: makes and reads frames with levator_wire.c as it is told on its standard input.
 * Each line gets one line in answer. Fields are numbers in the order of the specification, floats
 * as their bits, then text or data in hex, `-` for none.
 *
 *   E kind sequence flags fields... hex   ->  the frame in hex, or `refused`
 *   U kind sequence flags hex             ->  the same for a type without fields
 *   D hex                                 ->  every outcome: `kind sequence flags fields...; ...`
 *   C hex                                 ->  the checksum
 */
#include "levator_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char line[200000];
static char *at;

static uint64_t number(void)
{
    /* As unsigned; a negative number wraps, which the casts below undo. */
    return strtoull(at, &at, 10);
}

static float real(void)
{
    uint32_t bits = (uint32_t)number();
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static unsigned bits(float value)
{
    uint32_t raw;
    memcpy(&raw, &value, sizeof raw);
    return raw;
}

/* The rest of the line, from hex, in a block of just its size: so that nothing is read beyond. */
static uint8_t *hex(size_t *len)
{
    uint8_t *bytes;
    at += strspn(at, " ");
    *len = strspn(at, "0123456789ABCDEF") / 2;
    bytes = malloc(*len + (*len == 0));
    for (size_t i = 0; i < *len; i++) {
        char pair[3] = {at[2 * i], at[2 * i + 1], 0};
        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return bytes;
}

static uint8_t encode(lev_encoder *encoder, uint8_t kind, uint8_t flags, int plain, uint8_t *wire)
{
    uint8_t len = 0;
    size_t tail_len = 0;
    uint8_t *tail = NULL;
    if (plain) {
        tail = hex(&tail_len);
        len = lev_encode(encoder, flags, kind, tail, (uint8_t)tail_len, wire);
    } else if (kind == LEV_HELLO) {
        lev_hello m;
        m.minor = (uint8_t)number();
        m.max_payload = (uint8_t)number();
        m.model = (uint16_t)number();
        m.boot_id = (uint32_t)number();
        uint64_t uid = number();
        for (int i = 0; i < 8; i++) m.uid[i] = (uint8_t)(uid >> 8 * i);
        for (int i = 0; i < 3; i++) m.firmware[i] = (uint8_t)number();
        m.stream_count = (uint8_t)number();
        m.capabilities = (uint32_t)number();
        tail = hex(&tail_len);
        m.name = (const char *)tail;
        m.name_len = (uint8_t)tail_len;
        len = lev_encode_hello(encoder, &m, wire);
    } else if (kind == LEV_STREAM_DESC) {
        lev_stream_desc m;
        m.stream = (uint8_t)number();
        m.epoch = (uint8_t)number();
        m.kind = (uint8_t)number();
        m.format = (uint8_t)number();
        m.channels = (uint8_t)number();
        m.unit = (uint8_t)number();
        m.flags = (uint16_t)number();
        m.rate_mhz = (uint32_t)number();
        m.max_scans = (uint16_t)number();
        m.filter_delay_us = (uint32_t)number();
        m.adc_min = (int32_t)number();
        m.adc_max = (int32_t)number();
        tail = hex(&tail_len);
        m.label = (const char *)tail;
        m.label_len = (uint8_t)tail_len;
        len = lev_encode_stream_desc(encoder, &m, wire);
    } else if (kind == LEV_CALIB) {
        lev_calib m;
        m.stream = (uint8_t)number();
        m.channel = (uint8_t)number();
        m.epoch = (uint8_t)number();
        m.source = (uint8_t)number();
        m.scale = real();
        m.offset = real();
        m.calibrated_at_s = (uint32_t)number();
        m.reference_span = real();
        len = lev_encode_calib(encoder, &m, wire);
    } else if (kind == LEV_SAMPLES) {
        lev_samples m;
        m.stream = (uint8_t)number();
        m.epoch = (uint8_t)number();
        m.status = (uint16_t)number();
        m.index = (uint32_t)number();
        m.time_us = (uint32_t)number();
        m.scan_count = (uint8_t)number();
        m.fault_channels = (uint8_t)number();
        tail = hex(&tail_len);
        len = lev_encode_samples(encoder, &m, tail, (uint8_t)tail_len, wire);
        /* And once more with the data where they are sent from. */
        if (len != 0) {
            uint8_t again[LEV_MAX_WIRE];
            memcpy(lev_samples_data(again), tail, tail_len);
            encoder->sequence--;
            if (lev_encode_samples(encoder, &m, lev_samples_data(again), (uint8_t)tail_len,
                                   again) != len ||
                memcmp(again, wire, len) != 0) {
                len = 0;
            }
        }
    } else if (kind == LEV_EVENT) {
        lev_event m;
        m.index = (uint32_t)number();
        m.time_us = (uint32_t)number();
        m.code = (uint8_t)number();
        m.stream = (uint8_t)number();
        m.value = (int16_t)number();
        len = lev_encode_event(encoder, &m, wire);
    } else if (kind == LEV_STATUS) {
        lev_status m;
        m.uptime_us = number();
        m.boot_id = (uint32_t)number();
        m.state = (uint8_t)number();
        m.battery_percent = (uint8_t)number();
        m.battery_mv = (uint16_t)number();
        m.temperature_centi_c = (int16_t)number();
        m.rx_crc_errors = (uint16_t)number();
        m.rx_overruns = (uint16_t)number();
        m.tx_dropped = (uint16_t)number();
        m.faults = (uint32_t)number();
        len = lev_encode_status(encoder, &m, wire);
    } else if (kind == LEV_LOG) {
        uint8_t level = (uint8_t)number();
        tail = hex(&tail_len);
        len = lev_encode_log(encoder, level, (const char *)tail, (uint8_t)tail_len, wire);
    } else if (kind == LEV_TIME_REP) {
        uint64_t t1 = number();
        uint64_t t2 = number();
        uint64_t t3 = number();
        len = lev_encode_time_rep(encoder, t1, t2, t3, wire);
    } else if (kind == LEV_ACK) {
        uint8_t answered = (uint8_t)number();
        uint16_t sequence = (uint16_t)number();
        uint8_t result = (uint8_t)number();
        tail = hex(&tail_len);
        len = lev_encode_ack(encoder, answered, sequence, result, tail, (uint8_t)tail_len, wire);
    }
    free(tail);
    return len;
}

static void print_frame(int plain)
{
    uint8_t kind = (uint8_t)number();
    lev_encoder encoder = {(uint16_t)number()};
    uint16_t before = encoder.sequence;
    uint8_t flags = (uint8_t)number();
    uint8_t *wire = malloc(LEV_MAX_WIRE);
    uint8_t len = encode(&encoder, kind, flags, plain, wire);
    if (len == 0) {
        printf("refused%s", encoder.sequence == before ? "" : ", and a sequence number is gone");
    }
    for (uint8_t i = 0; i < len; i++) printf("%02X", wire[i]);
    free(wire);
}

static void print_command(const lev_command *c)
{
    printf("%u %u %u", c->kind, c->sequence, c->flags);
    if (!c->known) {
        printf(" ");
        for (uint8_t i = 0; i < c->payload_len; i++) printf("%02X", c->payload[i]);
        if (c->payload_len == 0) printf("-");
        return;
    }
    switch (c->kind) {
    case LEV_IDENTIFY:
        printf(" %u %u", c->as.identify.minor, c->as.identify.max_payload);
        break;
    case LEV_GET_DESC:
        printf(" %u", c->as.get_desc.stream);
        break;
    case LEV_START:
        printf(" %u %u %lu", c->as.start.streams, c->as.start.batch_ms,
               (unsigned long)c->as.start.keep_alive_ms);
        break;
    case LEV_SET_RATE:
        printf(" %u %lu", c->as.set_rate.stream, (unsigned long)c->as.set_rate.rate_mhz);
        break;
    case LEV_ZERO:
        printf(" %u %u %u", c->as.zero.stream, c->as.zero.channel, c->as.zero.duration_ms);
        break;
    case LEV_SET_CAL: {
        const lev_calib *m = &c->as.set_cal.calib;
        printf(" %u %u %u %u %u %u %lu %u %u", m->stream, m->channel, m->epoch, m->source,
               bits(m->scale), bits(m->offset), (unsigned long)m->calibrated_at_s,
               bits(m->reference_span), c->as.set_cal.persist);
        break;
    }
    case LEV_TIME_REQ:
        printf(" %llu", (unsigned long long)c->as.time_req.t1);
        break;
    case LEV_SELF_TEST:
        printf(" %u %u", c->as.self_test.stream, c->as.self_test.on);
        break;
    default:
        break;
    }
    printf(" -");
}

static void print_outcomes(void)
{
    lev_decoder *decoder = calloc(1, sizeof *decoder);
    lev_command c;
    size_t len;
    uint8_t *bytes = hex(&len);
    const char *between = "";
    for (size_t i = 0; i < len; i++) {
        lev_outcome outcome = lev_decode(decoder, bytes[i], &c);
        if (outcome == LEV_NOTHING) continue;
        printf("%s", between);
        between = "; ";
        switch (outcome) {
        case LEV_TAKEN: print_command(&c); break;
        case LEV_REFUSED_OVERLONG: printf("overlong"); break;
        case LEV_REFUSED_STRUCTURE: printf("structure"); break;
        case LEV_REFUSED_SHORT: printf("short %u", c.detail); break;
        case LEV_REFUSED_CHECKSUM: printf("checksum"); break;
        case LEV_REFUSED_MAJOR: printf("major %u %u", c.detail, c.kind); break;
        case LEV_REFUSED_LOOP_BACK: printf("loop-back %u", c.kind); break;
        case LEV_REFUSED_LENGTH:
            printf("length %u %u %u", c.kind, c.detail, c.payload_len);
            break;
        case LEV_REFUSED_FIELD: printf("field %u %u", c.kind, c.detail); break;
        default: printf("?"); break;
        }
    }
    free(bytes);
    free(decoder);
}

int main(void)
{
    while (fgets(line, sizeof line, stdin) != NULL) {
        at = line + 1;
        if (line[0] == 'E' || line[0] == 'U') {
            print_frame(line[0] == 'U');
        } else if (line[0] == 'D') {
            print_outcomes();
        } else if (line[0] == 'C') {
            size_t len;
            uint8_t *bytes = hex(&len);
            printf("%08lX", (unsigned long)lev_crc32c(bytes, len));
            free(bytes);
        }
        printf("\n");
    }
    return 0;
}

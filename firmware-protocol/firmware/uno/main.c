/*
 * Reference firmware for an ATmega328P at 16 MHz (Arduino Uno, Nano): one pressure, one EMG, the
 * protocol of SPEC.md. The loop sleeps until an interrupt, does what is due, and pets the watchdog.
 */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <string.h>

#include "config.h"
#include "link.h"
#include "probe.h"
#include "sensors.h"
#include "store.h"

#define LED _BV(PB5)
/* Without a value from the pressure chip for so long, it is silent. */
#define SILENT_MS (4 * PRESSURE_PERIOD_MS)

static lev_decoder decoder;

/* START that may come again (SPEC 3.13). */
static uint8_t start_payload[LEV_START_LEAST];
static uint32_t start_ms;
static uint8_t has_started;

static uint32_t keep_alive_ms, heard_ms;

/* ZERO under way. */
static struct {
    uint8_t is_on;
    uint8_t stream;
    uint8_t wants_ack;
    uint16_t sequence;
    uint32_t left;
    uint32_t count;
    int64_t sum;
} zero;

static uint32_t pressure_ms; /* when it last gave a value, or one was sent in its place */
static int32_t pressure_code;
static uint8_t is_silent;

/* After a reset by the watchdog it is still armed, with its shortest time. */
void disarm(void) __attribute__((naked, used, section(".init3")));
void disarm(void)
{
    MCUSR = 0;
    wdt_disable();
}

/* --- test signal --- */

/* A triangle of 32 steps: something to see, and nothing a person does. */
static int32_t triangle(uint32_t step)
{
    uint8_t phase = step & 31;
    return phase < 16 ? phase : 31 - phase;
}

/* --- zeroing --- */

static void end_zero(uint8_t result)
{
    stream_state *state = &streams[zero.stream];
    zero.is_on = 0;
    if (result == LEV_RESULT_OK) {
        /* What was collected so far belongs to the old epoch. */
        send_samples(zero.stream);
        state->calib.offset = (float)zero.sum / (float)zero.count;
        state->calib.source = LEV_SOURCE_RUN_TIME_ZERO;
    }
    if (zero.wants_ack) {
        say_ack_for(LEV_ZERO, zero.sequence, result);
    }
    if (result == LEV_RESULT_OK) {
        begin_epoch(zero.stream);
    }
}

static uint16_t add_to_zero(uint8_t stream, int32_t code, uint8_t is_good)
{
    if (!zero.is_on || zero.stream != stream) {
        return 0;
    }
    if (!is_good) {
        end_zero(LEV_RESULT_HARDWARE);
        return 0;
    }
    zero.sum += code;
    zero.count++;
    if (zero.count >= zero.left) {
        end_zero(LEV_RESULT_OK);
    }
    return LEV_STATUS_WARMING_UP;
}

/* --- samples --- */

static void take_emg(void)
{
    while (emg_waiting() > 0) {
        uint32_t time_us;
        uint16_t status = 0;
        int32_t code = emg_take(&time_us);
        if (code == 0) {
            status |= LEV_STATUS_SATURATED_LOW;
        } else if (code == 1023) {
            status |= LEV_STATUS_SATURATED_HIGH;
        }
        status |= add_to_zero(EMG, code, 1);
        if (streams[EMG].is_test) {
            code = 256 + 16 * triangle(time_us / 1000);
            status = LEV_STATUS_TEST_SIGNAL;
        }
        if (streams[EMG].is_on) {
            collect(EMG, code, time_us, status);
        }
    }
    /* Only now: what was lost came after all that was waiting. */
    {
        uint32_t lost = emg_lost();
        if (lost > 0 && streams[EMG].is_on) {
            send_samples(EMG);
            skip(EMG, lost);
        }
    }
}

static void give_pressure(int32_t code, uint32_t time_us, uint16_t status)
{
    if (code == 8388607L) {
        status |= LEV_STATUS_SATURATED_HIGH;
    } else if (code == -8388608L) {
        status |= LEV_STATUS_SATURATED_LOW;
    }
    status |= add_to_zero(PRESSURE, code, (status & LEV_STATUS_SENSOR_FAULT) == 0);
    if (streams[PRESSURE].is_test) {
        code = 65536L * triangle(time_us / 1000 / PRESSURE_PERIOD_MS);
        status = LEV_STATUS_TEST_SIGNAL;
    }
    if (streams[PRESSURE].is_on) {
        collect(PRESSURE, code, time_us, status);
    }
}

static void take_pressure(uint32_t now_ms)
{
    uint32_t time_us;
    if (pressure_take(&pressure_code, &time_us)) {
        pressure_ms = now_ms;
        is_silent = 0;
        faults &= ~(uint32_t)FAULT_PRESSURE;
        give_pressure(pressure_code, time_us, 0);
        return;
    }
    /* SPEC 5.7: goes on, and never repeats an old value without saying so. */
    if (now_ms - pressure_ms >= (is_silent ? PRESSURE_PERIOD_MS : SILENT_MS)) {
        if (!is_silent) {
            is_silent = 1;
            faults |= FAULT_PRESSURE;
            say_log(LEV_LEVEL_ERROR, "pressure chip is silent: look at its wires");
        }
        pressure_ms = now_ms;
        give_pressure(pressure_code, now_ms * 1000UL, LEV_STATUS_SENSOR_FAULT | LEV_STATUS_STALE);
    }
}

/* --- commands --- */

static void stop_streams(void)
{
    for (uint8_t stream = 0; stream < STREAM_COUNT; stream++) {
        if (streams[stream].is_on) {
            send_samples(stream);
        }
        streams[stream].is_on = 0;
    }
    keep_alive_ms = 0;
    has_started = 0;
    PORTB &= ~LED;
}

static void start_streams(const lev_command *command)
{
    uint8_t batch_ms = command->as.start.batch_ms;
    uint8_t batch;
    stop_streams();
    for (uint8_t stream = 0; stream < STREAM_COUNT; stream++) {
        stream_state *state = &streams[stream];
        state->is_on = command->as.start.streams >> stream & 1;
        state->scan_count = 0;
        state->status = 0;
        state->index = 0;
    }
    batch = (batch_ms == 0 ? EMG_BATCH_MS : batch_ms) / EMG_PERIOD_MS;
    streams[EMG].batch = batch == 0 ? 1 : batch > EMG_MAX_SCANS ? EMG_MAX_SCANS : batch;
    batch = batch_ms / PRESSURE_PERIOD_MS;
    streams[PRESSURE].batch =
        batch == 0 ? 1 : batch > PRESSURE_MAX_SCANS ? PRESSURE_MAX_SCANS : batch;
    emg_start();
    pressure_restart();
    keep_alive_ms = command->as.start.keep_alive_ms;
    memcpy(start_payload, command->payload, sizeof start_payload);
    start_ms = clock_ms();
    has_started = 1;
    if (streams[EMG].is_on || streams[PRESSURE].is_on) {
        PORTB |= LED;
    }
}

static void on_start(const lev_command *command)
{
    uint8_t is_again = (command->flags & LEV_RETRANSMISSION) && has_started &&
                       clock_ms() - start_ms < 2000 &&
                       memcmp(start_payload, command->payload, sizeof start_payload) == 0;
    if (command->as.start.streams >> STREAM_COUNT) {
        say_ack(command, LEV_RESULT_VALUE);
        return;
    }
    say_ack(command, LEV_RESULT_OK);
    if (!is_again) {
        start_streams(command);
    }
}

static void on_zero(const lev_command *command)
{
    uint8_t stream = command->as.zero.stream;
    uint32_t duration_ms = command->as.zero.duration_ms;
    uint8_t wants_ack = command->flags & LEV_ACK_WANTED;
    if (zero.is_on) {
        if (stream == zero.stream && (command->flags & LEV_RETRANSMISSION)) {
            zero.wants_ack |= wants_ack;
            zero.sequence = command->sequence;
        } else {
            say_ack(command, LEV_RESULT_BUSY);
        }
        return;
    }
    if (duration_ms == 0) {
        duration_ms = 1000;
    }
    memset(&zero, 0, sizeof zero);
    zero.is_on = 1;
    zero.stream = stream;
    zero.wants_ack = wants_ack;
    zero.sequence = command->sequence;
    zero.left = duration_ms / (stream == PRESSURE ? PRESSURE_PERIOD_MS : EMG_PERIOD_MS);
    if (!streams[EMG].is_on) {
        emg_start();
    }
}

static void on_set_cal(const lev_command *command)
{
    const lev_calib *wanted = &command->as.set_cal.calib;
    stream_state *state = &streams[wanted->stream];
    uint8_t result = LEV_RESULT_OK;
    send_samples(wanted->stream);
    if (command->as.set_cal.persist && !store_save(wanted->stream, wanted)) {
        result = LEV_RESULT_HARDWARE;
    } else {
        uint8_t epoch = state->calib.epoch;
        state->calib = *wanted;
        state->calib.epoch = epoch;
    }
    say_ack(command, result);
    if (result == LEV_RESULT_OK) {
        begin_epoch(wanted->stream);
    }
}

static void on_reset(const lev_command *command)
{
    say_ack(command, LEV_RESULT_OK);
    link_flush();
    cli();
    wdt_enable(WDTO_15MS);
    for (;;) {
    }
}

/* Whether the command names a stream and channel we have got; LEV_ALL only where it may. */
static uint8_t is_ours(const lev_command *command)
{
    switch (command->kind) {
    case LEV_GET_DESC:
        return command->as.get_desc.stream < STREAM_COUNT ||
               command->as.get_desc.stream == LEV_ALL;
    case LEV_SELF_TEST:
        return command->as.self_test.stream < STREAM_COUNT ||
               command->as.self_test.stream == LEV_ALL;
    case LEV_SET_RATE:
        return command->as.set_rate.stream < STREAM_COUNT;
    case LEV_ZERO:
        return command->as.zero.stream < STREAM_COUNT &&
               (command->as.zero.channel == 0 || command->as.zero.channel == LEV_ALL);
    case LEV_SET_CAL:
        return command->as.set_cal.calib.stream < STREAM_COUNT &&
               command->as.set_cal.calib.channel == 0;
    default:
        return 1;
    }
}

static void obey(const lev_command *command)
{
    if (!command->known) {
        say_ack(command, LEV_RESULT_UNKNOWN_KIND);
        return;
    }
    if (!is_ours(command)) {
        say_ack(command, LEV_RESULT_VALUE);
        return;
    }
    switch (command->kind) {
    case LEV_IDENTIFY:
        say_hello();
        break;
    case LEV_GET_DESC:
        for (uint8_t stream = 0; stream < STREAM_COUNT; stream++) {
            if (command->as.get_desc.stream == LEV_ALL || command->as.get_desc.stream == stream) {
                say_stream(stream);
            }
        }
        say_ack(command, LEV_RESULT_OK);
        break;
    case LEV_START:
        on_start(command);
        break;
    case LEV_STOP:
        stop_streams();
        say_ack(command, LEV_RESULT_OK);
        break;
    case LEV_SET_RATE:
        say_ack(command, LEV_RESULT_UNSUPPORTED);
        break;
    case LEV_ZERO:
        on_zero(command);
        break;
    case LEV_SET_CAL:
        on_set_cal(command);
        break;
    case LEV_TIME_REQ:
        say_time(command->as.time_req.t1, clock_us());
        say_ack(command, LEV_RESULT_OK);
        break;
    case LEV_KEEPALIVE:
        say_ack(command, LEV_RESULT_OK);
        break;
    case LEV_SELF_TEST:
        for (uint8_t stream = 0; stream < STREAM_COUNT; stream++) {
            if (command->as.self_test.stream == LEV_ALL || command->as.self_test.stream == stream) {
                send_samples(stream);
                streams[stream].is_test = command->as.self_test.on;
            }
        }
        say_ack(command, LEV_RESULT_OK);
        break;
    case LEV_RESET:
        on_reset(command);
        break;
    default:
        break;
    }
}

static void listen(uint32_t now_ms)
{
    lev_command command;
    int16_t byte;
    while ((byte = link_read()) >= 0) {
        switch (lev_decode(&decoder, (uint8_t)byte, &command)) {
        case LEV_TAKEN:
            heard_ms = now_ms;
            obey(&command);
            break;
        case LEV_REFUSED_LENGTH:
            say_ack(&command, LEV_RESULT_LENGTH);
            break;
        case LEV_REFUSED_FIELD:
            say_ack(&command, LEV_RESULT_VALUE);
            break;
        default:
            /* Silence is the answer to everything else (SPEC 5.7). */
            break;
        }
    }
}

/* --- the loop --- */

static uint8_t state_now(void)
{
    if (zero.is_on) {
        return LEV_STATE_CALIBRATING;
    }
    return streams[PRESSURE].is_on || streams[EMG].is_on ? LEV_STATE_STREAMING : LEV_STATE_IDLE;
}

int main(void)
{
    uint32_t status_ms = 1000;
    DDRB |= LED;
    store_init();
    probe_init();
    sensors_init();
    link_init();
    wdt_enable(WDTO_250MS);
    set_sleep_mode(SLEEP_MODE_IDLE);
    sei();
    say_hello();
    for (;;) {
        uint32_t now_ms = clock_ms();
        wdt_reset();
        take_pressure(now_ms);
        take_emg();
        listen(now_ms);
        device_state = state_now();
        if (keep_alive_ms != 0 && clock_ms() - heard_ms >= keep_alive_ms) {
            stop_streams();
            say_log(LEV_LEVEL_WARNING, "nothing heard from the host: streams stopped");
        }
        if ((int32_t)(now_ms - status_ms) >= 0) {
            status_ms += 1000;
            say_status(decoder.counts[LEV_REFUSED_CHECKSUM]);
        }
        /* The timer wakes us in a millisecond at the latest. */
        sleep_mode();
    }
}

/*
 * Runs the firmware of ../uno in simavr, with its sensors and its serial line.
 *
 *   emulate --firmware uno.elf --port PATH --truth FILE [--speed X] [--measure name:address]...
 *           [--hang-at address] [--pressure-period-us N] [--seconds S]
 *
 * PATH becomes a link to a pseudo-terminal. FILE tells what the sensors gave, one line each:
 *
 *   B n           boot number n
 *   E code        the n-th conversion of EMG since that boot
 *   P time code   a pressure that was read out, and microseconds since that boot when it was ready
 *
 * Commands on the standard input, one a line: `unplug`, `plug`, `reset` (the button), `hang` (the
 * program stops running its loop; the watchdog has to notice), `mute` and `unmute` (the pressure
 * chip's wire), `quit`. The end of the input is a `quit`. What was seen is printed at the end.
 *
 * Time is that of the machine, times `--speed`. After `--seconds` of the board's time it quits by itself; at
 * `--hang-at` an address of the program is where `hang` keeps it. Each `--measure` counts the cycles that the
 * function at an address takes, 16 at most.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <simavr/avr_adc.h>
#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>

#define F_CPU 16000000ULL
#define CYCLES_PER_US (F_CPU / 1000000ULL)
#define CYCLES_PER_MS (F_CPU / 1000ULL)
#define BAUD 115200ULL
#define CYCLES_PER_BYTE (F_CPU * 10 / BAUD)
#define DOUT 2
#define SCK 4

static avr_t *avr;
static FILE *truth;
static avr_cycle_count_t boot_cycle;
static unsigned boots, conversions, readings;

static void fail(const char *what)
{
    fprintf(stderr, "emulate: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* --- a person, who contracts for 4 s of every 10 --- */

static uint32_t chance_state = 1;

/* From -1 to 1, the sum of four: near enough to a bell. */
static double chance(void)
{
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        chance_state = chance_state * 1664525u + 1013904223u;
        sum += (chance_state >> 8) / 8388608.0 - 1.0;
    }
    return sum / 4;
}

static double effort(void)
{
    double s = (double)avr->cycle / F_CPU;
    double t = s - 10.0 * (int)(s / 10.0) - 3.0;
    if (t < 0 || t > 4.3) return 0;
    if (t < 0.3) return t / 0.3;
    return t > 4.0 ? (4.3 - t) / 0.3 : 1;
}

static int emg_code(void)
{
    int code = (int)(512.5 + chance() * (3.0 + 60.0 * effort()));
    return code < 0 ? 0 : code > 1023 ? 1023 : code;
}

static int32_t pressure_code(void)
{
    double pascal = 1500.0 + 3000.0 * effort() + 10.0 * chance();
    return (int32_t)(pascal * 8388608.0 / 10416.7);
}

/* --- A0 --- */

static void on_conversion(struct avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq, (void)unused;
    union { uint32_t v; avr_adc_mux_t mux; } what = {.v = value};
    if (what.mux.kind != ADC_MUX_SINGLE || what.mux.src != 0) return;
    int code = emg_code();
    conversions++;
    fprintf(truth, "E %d\n", code);
    /* The least millivolt that gives this code. */
    avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0),
                  ((uint32_t)code * 5000 + 1022) / 1023);
}

/* --- HX710B --- */

static struct {
    int is_mute;
    int is_out;    /* a value stands ready, or is being clocked out */
    int pulses;
    int32_t code;
    avr_cycle_count_t ready_cycle;
    avr_cycle_count_t period;
} chip = {.period = 25000 * CYCLES_PER_US};

static void drive_dout(int level)
{
    avr_ioport_external_t pull = {.name = 'D', .mask = 1 << DOUT, .value = level << DOUT};
    if (chip.is_mute) level = 1, pull.value = 1 << DOUT;
    avr_ioctl(avr, AVR_IOCTL_IOPORT_SET_EXTERNAL('D'), &pull);
    avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('D'), DOUT), level);
}

static avr_cycle_count_t on_ready(avr_t *unused, avr_cycle_count_t when, void *none)
{
    (void)unused, (void)none;
    /* One that is being read is finished first; one that was not read is replaced. */
    if (chip.pulses == 0) {
        if (chip.is_out) drive_dout(1);
        chip.code = pressure_code();
        chip.ready_cycle = when;
        chip.is_out = 1;
        drive_dout(0);
    }
    return when + chip.period;
}

static void on_clock(struct avr_irq_t *irq, uint32_t level, void *unused)
{
    (void)irq, (void)unused;
    if (!level || !chip.is_out || chip.is_mute) return;
    chip.pulses++;
    if (chip.pulses <= 24) {
        drive_dout(chip.code >> (24 - chip.pulses) & 1);
    } else {
        drive_dout(1);
    }
    if (chip.pulses == 24) {
        readings++;
        fprintf(truth, "P %llu %ld\n",
                (unsigned long long)((chip.ready_cycle - boot_cycle) / CYCLES_PER_US),
                (long)chip.code);
    }
    /* 25 to 27 pulses choose what is converted next; the program uses 27. */
    if (chip.pulses == 27) {
        chip.pulses = 0;
        chip.is_out = 0;
    }
}

/* --- the serial line --- */

static int master = -1, slave = -1;
static const char *port_path;
static uint8_t to_host[4096];
static size_t to_host_len;
static uint8_t to_device[4096];
static size_t to_device_len, to_device_at;
static int can_take = 1;
static unsigned long long sent, unplugged, overflown, received;

static void plug(void)
{
    if (master >= 0) return;
    master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) fail("pseudo-terminal");
    const char *name = ptsname(master);
    slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios settings;
    if (slave < 0 || tcgetattr(slave, &settings) != 0) fail(name);
    cfmakeraw(&settings);
    tcsetattr(slave, TCSANOW, &settings);
    fcntl(master, F_SETFL, fcntl(master, F_GETFL) | O_NONBLOCK);
    unlink(port_path);
    if (symlink(name, port_path) != 0) fail(port_path);
}

static void unplug(void)
{
    if (master < 0) return;
    unlink(port_path);
    close(slave);
    close(master);
    master = slave = -1;
    to_device_len = to_device_at = 0;
}

static void on_sent(struct avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq, (void)unused;
    if (to_host_len < sizeof to_host) to_host[to_host_len++] = (uint8_t)value;
}

static void on_xon(struct avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq, (void)value, (void)unused;
    can_take = 1;
}

static void on_xoff(struct avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq, (void)value, (void)unused;
    can_take = 0;
}

static avr_cycle_count_t on_byte_time(avr_t *unused, avr_cycle_count_t when, void *none)
{
    (void)unused, (void)none;
    if (to_device_at < to_device_len && can_take) {
        received++;
        avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT),
                      to_device[to_device_at++]);
    }
    return when + CYCLES_PER_BYTE;
}

/* Once a millisecond, as a USB bridge does it. */
static void exchange(void)
{
    if (master < 0) {
        unplugged += to_host_len;
    } else {
        ssize_t len = to_host_len == 0 ? 0 : write(master, to_host, to_host_len);
        if (len < 0) len = 0;
        sent += (unsigned long long)len;
        overflown += to_host_len - (size_t)len;
        if (to_device_at == to_device_len) {
            len = read(master, to_device, sizeof to_device);
            to_device_at = 0;
            to_device_len = len > 0 ? (size_t)len : 0;
        }
    }
    to_host_len = 0;
}

/* --- figures --- */

static struct figure {
    char name[40];
    uint32_t address, return_address;
    uint16_t sp;
    int is_inside;
    avr_cycle_count_t since, least, most;
    unsigned long long count;
} figures[16];
static int figure_count;
static uint16_t least_sp = 0xFFFF;

static uint16_t stack(void)
{
    return (uint16_t)(avr->data[R_SPL] | avr->data[R_SPH] << 8);
}

/* From the first instruction of a function to the first after its return, with the interrupts that
 * came between: the least is the function alone. */
static void figure_out(void)
{
    uint16_t sp = stack();
    for (int i = 0; i < figure_count; i++) {
        struct figure *f = &figures[i];
        if (avr->pc == f->address && !f->is_inside) {
            f->is_inside = 1;
            f->sp = sp;
            f->since = avr->cycle;
            f->return_address = (uint32_t)(avr->data[sp + 1] << 8 | avr->data[sp + 2]) * 2;
        } else if (f->is_inside && avr->pc == f->return_address && sp == f->sp + 2) {
            avr_cycle_count_t cycles = avr->cycle - f->since;
            f->is_inside = 0;
            f->count++;
            if (f->least == 0 || cycles < f->least) f->least = cycles;
            if (cycles > f->most) f->most = cycles;
        }
    }
    if (sp < least_sp && sp > 0x100) least_sp = sp;
}

/* --- commands --- */

static uint32_t hang_at;
static uint16_t hang_before;
static int is_hung, is_over;

static void obey(const char *command)
{
    if (strcmp(command, "unplug") == 0) {
        unplug();
    } else if (strcmp(command, "plug") == 0) {
        plug();
    } else if (strcmp(command, "reset") == 0) {
        avr_reset(avr);
    } else if (strcmp(command, "mute") == 0) {
        chip.is_mute = 1;
        drive_dout(1);
    } else if (strcmp(command, "unmute") == 0) {
        chip.is_mute = 0;
        chip.pulses = 0;
        chip.is_out = 0;
    } else if (strcmp(command, "hang") == 0 && hang_at != 0 && !is_hung) {
        /* A jump to itself. */
        hang_before = (uint16_t)(avr->flash[hang_at] | avr->flash[hang_at + 1] << 8);
        avr->flash[hang_at] = 0xFF;
        avr->flash[hang_at + 1] = 0xCF;
        is_hung = 1;
    } else if (strcmp(command, "quit") == 0) {
        is_over = 1;
    } else {
        fprintf(stderr, "emulate: no command is called %s\n", command);
    }
}

static void listen_to_person(void)
{
    static char text[256];
    static size_t len;
    struct pollfd input = {.fd = 0, .events = POLLIN};
    if (poll(&input, 1, 0) <= 0) return;
    ssize_t got = read(0, text + len, sizeof text - 1 - len);
    if (got <= 0) {
        is_over = 1;
        return;
    }
    len += (size_t)got;
    text[len] = 0;
    for (char *end; (end = strchr(text, '\n')) != NULL;) {
        *end = 0;
        obey(text);
        len -= (size_t)(end + 1 - text);
        memmove(text, end + 1, len + 1);
    }
}

static void on_boot(void)
{
    boot_cycle = avr->cycle;
    boots++;
    conversions = 0;
    fprintf(truth, "B %u\n", boots);
    if (is_hung) {
        avr->flash[hang_at] = (uint8_t)hang_before;
        avr->flash[hang_at + 1] = (uint8_t)(hang_before >> 8);
        is_hung = 0;
    }
    for (int i = 0; i < figure_count; i++) figures[i].is_inside = 0;
    /* A reset clears the timers of simavr, but these are outside of the processor. */
    avr_cycle_timer_register(avr, CYCLES_PER_BYTE, on_byte_time, NULL);
    avr_cycle_timer_register(avr, chip.period - avr->cycle % chip.period, on_ready, NULL);
}

/* --- time --- */

static void sleep_not(avr_t *unused, avr_cycle_count_t cycles)
{
    /* Time is kept below, also while the processor sleeps. */
    (void)unused, (void)cycles;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void only_errors(avr_t *unused, const int level, const char *format, va_list arguments)
{
    (void)unused;
    if (level <= LOG_ERROR) vfprintf(stderr, format, arguments);
}

int main(int argc, char **argv)
{
    const char *firmware_path = NULL, *truth_path = NULL;
    double speed = 1, seconds = 0, late_s = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (strcmp(name, "--firmware") == 0) firmware_path = value;
        else if (strcmp(name, "--port") == 0) port_path = value;
        else if (strcmp(name, "--truth") == 0) truth_path = value;
        else if (strcmp(name, "--speed") == 0) speed = atof(value);
        else if (strcmp(name, "--seconds") == 0) seconds = atof(value);
        else if (strcmp(name, "--hang-at") == 0) hang_at = (uint32_t)strtoul(value, NULL, 16);
        else if (strcmp(name, "--pressure-period-us") == 0)
            chip.period = (avr_cycle_count_t)atol(value) * CYCLES_PER_US;
        else if (strcmp(name, "--measure") == 0 && figure_count < 16) {
            struct figure *f = &figures[figure_count++];
            const char *colon = strchr(value, ':');
            if (colon == NULL) fail(value);
            snprintf(f->name, sizeof f->name, "%.*s", (int)(colon - value), value);
            f->address = (uint32_t)strtoul(colon + 1, NULL, 16);
        } else {
            errno = EINVAL;
            fail(name);
        }
    }
    if (firmware_path == NULL || port_path == NULL || truth_path == NULL || speed <= 0) {
        fprintf(stderr, "emulate: --firmware, --port and --truth are needed\n");
        return 2;
    }
    truth = fopen(truth_path, "w");
    if (truth == NULL) fail(truth_path);
    avr_global_logger_set(only_errors);
    elf_firmware_t firmware;
    memset(&firmware, 0, sizeof firmware);
    if (elf_read_firmware(firmware_path, &firmware) != 0) fail(firmware_path);
    strcpy(firmware.mmcu, "atmega328p");
    firmware.frequency = F_CPU;
    avr = avr_make_mcu_by_name(firmware.mmcu);
    if (avr == NULL) fail("no atmega328p in this simavr");
    avr_init(avr);
    avr_load_firmware(avr, &firmware);
    avr->vcc = avr->avcc = avr->aref = 5000;
    avr->sleep = sleep_not;

    uint32_t no_flags = 0;
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &no_flags);
    avr_irq_t *uart = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), 0);
    avr_irq_register_notify(uart + UART_IRQ_OUTPUT, on_sent, NULL);
    avr_irq_register_notify(uart + UART_IRQ_OUT_XON, on_xon, NULL);
    avr_irq_register_notify(uart + UART_IRQ_OUT_XOFF, on_xoff, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_OUT_TRIGGER),
                            on_conversion, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('D'), SCK), on_clock, NULL);
    drive_dout(1);
    plug();
    on_boot();

    double start = seconds_now();
    avr_cycle_count_t next_ms = CYCLES_PER_MS;
    while (!is_over) {
        /* One instruction at a time, but a sleep up to the next timer. */
        avr->run_cycle_limit = avr->state == cpu_Sleeping ? CYCLES_PER_MS : 1;
        avr->run_cycle_count = 1;
        int state = avr_run(avr);
        if (state == cpu_Done || state == cpu_Crashed) {
            fprintf(stderr, "emulate: the program has crashed at %04x\n", avr->pc);
            return 1;
        }
        if (avr->pc == 0 && avr->cycle != boot_cycle) on_boot();
        figure_out();
        if (avr->cycle < next_ms) continue;
        next_ms += CYCLES_PER_MS;
        exchange();
        listen_to_person();
        double due = start + (double)avr->cycle / F_CPU / speed, now = seconds_now();
        if (now - due > late_s) late_s = now - due;
        if (due > now) {
            struct timespec pause = {(time_t)(due - now), (long)((due - now - (time_t)(due - now)) * 1e9)};
            nanosleep(&pause, NULL);
        }
        if (seconds > 0 && (double)avr->cycle / F_CPU >= seconds) is_over = 1;
    }
    unplug();
    fclose(truth);
    printf("seconds %.3f\nboots %u\nreadings %u\n", (double)avr->cycle / F_CPU, boots, readings);
    printf("sent %llu\nunplugged %llu\noverflown %llu\nreceived %llu\nlate_ms %.0f\n", sent,
           unplugged, overflown, received, late_s * 1e3);
    printf("stack %d\n", 0x8FF - least_sp);
    for (int i = 0; i < figure_count; i++) {
        printf("cycles %s %llu %llu %llu\n", figures[i].name,
               (unsigned long long)figures[i].least, (unsigned long long)figures[i].most,
               figures[i].count);
    }
    return 0;
}

/* What a maker may want to change. docs/build-a-probe.md has the wiring. */
#ifndef CONFIG_H
#define CONFIG_H

#include "levator_wire.h"

/* 115200 is the first speed a host tries. At 16 MHz it is 2.1 % fast, which a UART forgives. */
#define BAUD 115200UL

#define DEVICE_NAME "levator uno"
#define DEVICE_MODEL 1
#define FIRMWARE_VERSION {1, 0, 0}

/* Stream 0: pressure, from an HX710B with a bridge sensor. DOUT at D2, SCK at D4. */
#define PRESSURE_LABEL "pressure"
#define PRESSURE_RATE_MHZ 40000UL /* of the chip's own oscillator, a few per cent either way */
#define PRESSURE_PERIOD_MS 25
#define PRESSURE_PULSES 27 /* 25: differential, 10 a second; 27: differential, 40 a second */
#define PRESSURE_MAX_SCANS 8
/* Half of the 50 ms that the chip's filter takes to settle (data sheet). */
#define PRESSURE_DELAY_US 25000UL
/*
 * Pascal per count before anybody has calibrated. The chip's range is +-0.5 / 128 of its supply, the
 * MPS20N0040D gives 50 to 100 mV at 40 kPa and 5 V, 75 mV in the middle: 10.4 kPa are 2^23 counts.
 * Sensors differ by a third from it, so calibrate.
 */
#define PRESSURE_SCALE (10416.7f / 8388608.0f)

/* Stream 1: EMG, from an amplifier with an analog output. At A0. */
#define EMG_LABEL "EMG"
#define EMG_CHANNEL 0 /* A0 */
#define EMG_PERIOD_MS 1
#define EMG_RATE_MHZ (1000000UL / EMG_PERIOD_MS)
#define EMG_MAX_SCANS 64
#define EMG_BATCH_MS 20 /* if the host does not wish otherwise */
/* Microvolt at the electrode per count: 5 V over 1024 counts, through the amplifier. */
#define EMG_GAIN 1000.0f
#define EMG_SCALE (5.0e6f / 1024.0f / EMG_GAIN)
#define EMG_OFFSET 512.0f /* the amplifier rests at half the supply */

#define STREAM_COUNT 2
#define PRESSURE 0
#define EMG 1

/* Two fifths of the link at most for the two streams together (SPEC 6.5 allows four). */
typedef char fits_the_link[EMG_RATE_MHZ / 1000 / EMG_BATCH_MS * EMG_PERIOD_MS *
                                       (LEV_SAMPLES_OVERHEAD + 2 * EMG_BATCH_MS / EMG_PERIOD_MS) +
                                   PRESSURE_RATE_MHZ / 1000 * (LEV_SAMPLES_OVERHEAD + 3) <=
                               2 * BAUD / 50
                           ? 1
                           : -1];

#endif

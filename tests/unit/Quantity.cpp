// Sizes in Accelerate's units, and as people read them.

#include "compiler/support/Quantity.h"

#include "tests/unit/Check.h"

#include <cmath>

using namespace ashlar;

static uint64_t bytes(const char *text) {
  std::optional<Bytes> parsed = parseBytes(text);
  CHECK(parsed.has_value());
  return parsed.value_or(Bytes(0)).value;
}

TEST(units) {
  CHECK_EQ(bytes("1024"), 1024u);
  CHECK_EQ(bytes("0"), 0u);
  CHECK_EQ(bytes("18446744073709551615"), UINT64_MAX);
  CHECK_EQ(bytes("22GiB"), 22ull << 30);
  CHECK_EQ(bytes("512MiB"), 512ull << 20);
  CHECK_EQ(bytes("3KiB"), 3072u);
  CHECK_EQ(bytes("20GB"), 20'000'000'000u);
  CHECK_EQ(bytes("512MB"), 512'000'000u);
  CHECK_EQ(bytes("7KB"), 7000u);
  CHECK_EQ(bytes("0.5GB"), 500'000'000u);
  CHECK_EQ(bytes("1.5 GiB"), 3ull << 29);
  CHECK_EQ(bytes("1e3MB"), 1'000'000'000u);
  CHECK_EQ(bytes("10gib"), 10ull << 30);
}

TEST(bits) {
  CHECK_EQ(bytes("10gb"), 1'250'000'000u);
  CHECK_EQ(bytes("10Gb"), 1'250'000'000u);
  CHECK_EQ(bytes("8mb"), 1'000'000u);
  CHECK_EQ(bytes("0.001kb"), 0u);
  CHECK_EQ(bytes("10Gib"), 10ull << 30); // never of binary units
}

TEST(refused) {
  for (const char *text :
       {"", "GB", " GB", "500B", "1TB", "5MBB", "5k0MB", "-1GB", "-1", "1.5", "nanGB", "infGB",
        "1e30GB", "0x10GB", "18446744073709551616", "GiB1", "1 000GB", "20000000000GB"})
    CHECK(!parseBytes(text));
  CHECK_EQ(bytes("-0.0000000001GB"), 0u); // cut to an integer, as everything is
}

TEST(timesAreRoundedAndNeverComeRound) {
  CHECK_EQ(nanos(0).value, 0u);
  CHECK_EQ(nanos(1.4e-9).value, 1u);
  CHECK_EQ(nanos(1.5e-9).value, 2u);
  CHECK_EQ(nanos(1e10).value, 10'000'000'000'000'000'000u);
  CHECK_EQ(nanos(2e10).value, UINT64_MAX);
  CHECK_EQ(nanos(INFINITY).value, UINT64_MAX);
  CHECK_EQ((nanos(INFINITY) + Nanos(1)).value, UINT64_MAX);
  CHECK_EQ((Nanos(1ull << 40) * (1ull << 23)).value, 1ull << 63);
  CHECK_EQ((Nanos(1ull << 40) * (1ull << 24)).value, UINT64_MAX);
  Nanos sum(UINT64_MAX - 1);
  sum += Nanos(1);
  CHECK_EQ(sum.value, UINT64_MAX);
  sum += Nanos(1);
  CHECK_EQ(sum.value, UINT64_MAX);
}

TEST(forPeople) {
  CHECK_EQ(ashlar::forPeople(Bytes(0)), "0 B");
  CHECK_EQ(ashlar::forPeople(Bytes(12)), "12 B");
  CHECK_EQ(ashlar::forPeople(Bytes(1023)), "1023 B");
  CHECK_EQ(ashlar::forPeople(Bytes(1024)), "1 KiB");
  CHECK_EQ(ashlar::forPeople(Bytes(512 << 10)), "512 KiB");
  CHECK_EQ(ashlar::forPeople(Bytes(3ull << 29)), "1.5 GiB");
  CHECK_EQ(ashlar::forPeople(Bytes((1ull << 30) - 1)), "1 GiB"); // not 1024 MiB
  CHECK_EQ(ashlar::forPeople(Bytes(15ull << 30)), "15 GiB");
  CHECK_EQ(ashlar::forPeople(Bytes(UINT64_MAX)), "16 EiB");
  CHECK_EQ(ashlar::forPeople(Nanos(830)), "830 ns");
  CHECK_EQ(ashlar::forPeople(Nanos(1'520'000)), "1.52 ms");
  CHECK_EQ(ashlar::forPeople(Nanos(999'999)), "1 ms");
  CHECK_EQ(ashlar::forPeople(Nanos(48'820'000)), "48.8 ms");
  CHECK_EQ(ashlar::forPeople(Nanos(90'000'000'000)), "90 s");
}

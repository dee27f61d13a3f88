// SPDX-License-Identifier: BSD-2-Clause
// The reader of recordings on hostile input: info, report, script and exports of it. An input is a file as it is, or (its first byte is
// 'c') what becomes one: a kind, a CPU, a length and a payload each, which get the heads and checksums that would keep most mutations out.
#include "exporting/folded.hpp"
#include "exporting/lines.hpp"
#include "exporting/openmetrics.hpp"
#include "exporting/output.hpp"
#include "exporting/perf.hpp"
#include "exporting/perfetto.hpp"
#include "recording/chunk.hpp"
#include "recording/replay.hpp"
#include "recording/summing.hpp"
#include "sink/json_stalls.hpp"
#include "sink/recording.hpp"
#include "sink/script.hpp"
#include "sink/text.hpp"
#include "sink/text_stalls.hpp"

#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace {

using namespace irqscope;

std::vector<std::uint8_t> file_of(recording::bytes input) {
    const auto start = recording::encode_start();
    std::vector<std::uint8_t> made(start.begin(), start.end());
    recording::chunk_head head;
    for (constexpr std::size_t about = 5; input.size() >= about;) {
        head.kind = static_cast<recording::chunk_kind>(input[0] % 10);
        head.cpu = input[1];
        head.records = input[2];
        const std::size_t size = std::min<std::size_t>(recording::get<std::uint16_t>(&input[3]), input.size() - about);
        const recording::bytes payload = input.subspan(about, size);
        head.stored_bytes = head.bytes = static_cast<std::uint32_t>(size);
        head.first_ns = 1'000 * head.sequence;
        head.last_ns = head.first_ns + 1'000;
        head.crc = recording::crc_of(payload);
        const auto encoded = recording::encode(head);
        made.insert(made.end(), encoded.begin(), encoded.end());
        made.insert(made.end(), payload.begin(), payload.end());
        head.sequence++;
        input = input.subspan(about + size);
    }
    return made;
}

// A path to it, without a disk.
std::string path_of(recording::bytes contents) {
    static const int file = memfd_create("recording", 0);
    if (ftruncate(file, 0) != 0 || pwrite(file, contents.data(), contents.size(), 0) < 0) std::abort();
    return fmt::format("/proc/self/fd/{}", file);
}

template <typename T, typename... Arguments>
void export_with(const std::string& path, const Arguments&... arguments) {
    auto from = recording::replay::open(path);
    auto to = exporting::output::open("/tmp/irqscope-fuzz"); // which is not kept
    if (!to) std::abort();
    T out(*from, arguments..., *to);
    from->run({}, out, out);
    if (!out.finish()) std::abort();
}

void read(const std::string& path) {
    auto report = recording::replay::open(path);
    if (!report) return;
    std::vector<model::stall> told;
    recording::summing sum({}, [&told](const model::stall& one) { told.push_back(one); });
    report->run({}, sum.spans(), sum);
    const auto whole = sum.whole(*report);
    (void)sink::text({}).text_of(whole.histograms);
    (void)sink::words_on_damage(*report);
    (void)sink::recording_info(*report, false);
    (void)sink::recording_info(*report, true);
    sink::text_stalls text(false);
    sink::json_stalls json;
    for (const model::stall& one : told) {
        (void)text.text_of(one);
        (void)json.text_of(one);
    }
    (void)json.text_of(whole.stalls);
    (void)text.report(whole.stalls);
    auto lines = recording::replay::open(path);
    sink::script script({}, *lines, {});
    lines->run({}, script, script);
    (void)script.finish();
    export_with<exporting::perfetto>(path, recording::selection{});
    export_with<exporting::openmetrics>(path, recording::selection{});
    export_with<exporting::folded>(path);
    export_with<exporting::lines>(path, sink::stalls_heading{});
    export_with<exporting::perf>(path);
}

} // namespace

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
    return std::freopen("/dev/null", "w", stdout) == nullptr ? 1 : 0; // what is printed is not looked at
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const recording::bytes input(data, size);
    const bool chunks = size != 0 && *data == 'c';
    const auto made = chunks ? file_of(input.subspan(1)) : std::vector<std::uint8_t>(input.begin(), input.end());
    read(path_of(made));
    return 0;
}

// SPDX-License-Identifier: BSD-2-Clause
#include "sink/recording.hpp"

#include "host/cpus.hpp"
#include "sink/json_parts.hpp"
#include "sink/page.hpp"
#include "sink/sink.hpp"
#include "sink/text_words.hpp"
#include "sink/units.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace irqscope::sink {

namespace {

using recording::chunk_kind;
using recording::damage;

constexpr std::size_t most_damages = 5; // that are shown one by one

const char* name_of(damage::what is) {
    switch (is) {
    case damage::what::foreign: return "foreign";
    case damage::what::payload: return "payload";
    case damage::what::missing: return "missing";
    case damage::what::cut: return "cut";
    }
    return "?";
}

std::string records_of(const damage& one) {
    const bool spans = one.kind == chunk_kind::spans;
    std::string text = fmt::format("{} {}", format_count(one.records), spans ? "spans" : "records");
    if (!spans) text += fmt::format(" of kind {}", recording::name_of(one.kind));
    if (one.cpu != recording::chunk_head::no_cpu) text += fmt::format(" of CPU {}", one.cpu);
    return text;
}

std::string words_on(const damage& one) {
    switch (one.is) {
    case damage::what::foreign:
        return fmt::format("damaged: {} bytes at {} are no chunk, {} chunks are missing there", format_count(one.size),
                           one.offset, one.records);
    case damage::what::payload:
        return fmt::format("damaged: a chunk of {} bytes at {} with {}, which are left out", format_count(one.size),
                           one.offset, records_of(one));
    case damage::what::missing: return fmt::format("missing: {} chunks before the one at {}", one.size, one.offset);
    case damage::what::cut:
        return fmt::format("cut off: its last {} bytes, at {}, are a part of a chunk", format_count(one.size),
                           one.offset);
    }
    return {};
}

std::string text_of(const recording::replay& of) {
    const recording::header& about = of.about();
    const recording::account& read = of.read();
    std::string text = fmt::format("{}: irqscope {}, {}  {} {}  {}: {}\n", of.file().name(), about.version,
                                   printable(about.host, 64), printable(about.kernel, 64), printable(about.machine, 64),
                                   counted(about.cpus.size(), "CPU"), host::format_cpu_list(about.cpus));
    const bool any = read.last_ns != 0;
    const std::uint64_t ns = any ? read.last_ns - read.first_ns : 0;
    text += fmt::format("{} from {}, CLOCK_MONOTONIC {:.6f} .. {:.6f}\n", format_ns(ns),
                        format_local(about.wall_of(any ? read.first_ns : about.monotonic_ns)),
                        static_cast<double>(any ? read.first_ns : about.monotonic_ns) / 1e9,
                        static_cast<double>(any ? read.last_ns : about.monotonic_ns) / 1e9);
    if (!about.command.empty())
        text += fmt::format("command: {}\n", printable(fmt::format("{}", fmt::join(about.command, " ")), 200));
    text += fmt::format("{}, {}\n\n", format_bytes(of.file().size()),
                        about.spans ? "every span" : "stalls and histograms, no spans");
    text += fmt::format("{:<10} {:>10} {:>14} {:>12} {:>12}\n", "kind", "chunks", "records", "in the file", "unpacked");
    for (const auto& [kind, sum] : read.kinds)
        text += fmt::format("{:<10} {:>10} {:>14} {:>12} {:>12}\n", recording::name_of(kind), format_count(sum.chunks),
                            format_count(sum.records), format_bytes(sum.bytes), format_bytes(sum.unpacked));
    for (const auto& [cpu, spans] : read.spans) text += fmt::format("CPU {}: {} spans\n", cpu, format_count(spans));
    const auto words = words_on_damage(of);
    text += words.empty() ? "\nwhole: it has its end marker, and every chunk is good\n" : "\n";
    for (const std::string& line : words) text += line + "\n";
    return text;
}

std::string json_of(const recording::replay& of) {
    const recording::header& about = of.about();
    const recording::account& read = of.read();
    object kinds = object::object();
    for (const auto& [kind, sum] : read.kinds)
        kinds[std::string(recording::name_of(kind))] = {
            {"chunks", sum.chunks}, {"records", sum.records}, {"bytes", sum.bytes}, {"unpacked_bytes", sum.unpacked}};
    object spans = object::array();
    for (const auto& [cpu, count] : read.spans) spans.push_back({{"cpu", cpu}, {"spans", count}});
    object damages = object::array();
    for (const damage& one : of.file().damages())
        damages.push_back({{"what", name_of(one.is)},
                           {"offset", one.offset},
                           {one.is == damage::what::missing ? "chunks" : "bytes", one.size},
                           {"records", one.records},
                           {"kind", recording::name_of(one.kind)},
                           {"cpu", one.cpu == recording::chunk_head::no_cpu ? object(nullptr) : object(one.cpu)}});
    return dump({{"schema", "irqscope.info/1"},
                 {"file", of.file().name()},
                 {"bytes", of.file().size()},
                 {"whole", of.file().whole()},
                 {"end_marker", of.file().has_end()},
                 {"damage", std::move(damages)},
                 {"senseless_chunks", read.senseless_chunks},
                 {"unknown_chunks", read.unknown_chunks},
                 {"unknown_spans", read.unknown_spans},
                 {"first_ns", read.last_ns == 0 ? object(nullptr) : object(read.first_ns)},
                 {"last_ns", read.last_ns == 0 ? object(nullptr) : object(read.last_ns)},
                 {"kinds", std::move(kinds)},
                 {"spans", std::move(spans)},
                 {"header", object::parse(recording::text_of(about))}},
                false);
}

} // namespace

std::vector<std::string> words_on_damage(const recording::replay& of) {
    std::vector<std::string> lines;
    const auto& damages = of.file().damages();
    for (std::size_t i = 0; i < std::min(damages.size(), most_damages); i++) lines.push_back(words_on(damages[i]));
    if (damages.size() > most_damages)
        lines.push_back(fmt::format("and {} more like these", damages.size() - most_damages));
    if (!of.file().has_end()) {
        lines.push_back(fmt::format(
            "not ended: the recording stopped without its end marker (a crash, a kill or a full disk); at most "
            "{} before that are missing",
            format_setting(of.about().sync_ns)));
        // their intervals are longer
        if (!of.about().spans)
            lines.back() += " of its stalls, and of its histograms what came behind the last interval";
    }
    const recording::account& read = of.read();
    if (read.senseless_chunks != 0)
        lines.push_back(fmt::format("{} chunks are whole and make no sense: left out", read.senseless_chunks));
    if (read.unknown_chunks != 0 || read.unknown_spans != 0)
        lines.push_back(fmt::format("left out, of a newer irqscope: {} chunks, {} spans", read.unknown_chunks,
                                    format_count(read.unknown_spans)));
    return lines;
}

bool recording_info(const recording::replay& of, bool as_json) {
    return write_out(as_json ? json_of(of) : text_of(of));
}

} // namespace irqscope::sink

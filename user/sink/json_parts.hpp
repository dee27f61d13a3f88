// SPDX-License-Identifier: BSD-2-Clause
// What the JSON documents of several commands have in common (docs/JSON.md). Keys keep the order in which they are set.
#pragma once

#include "model/snapshot.hpp"
#include "model/stalls_report.hpp"

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace irqscope::sink {

using object = nlohmann::ordered_json;

template <typename T>
object nullable(const std::optional<T>& value) {
    return value ? object(*value) : object(nullptr);
}

object key_of(const model::series_id& id); // null when there is none
object id_of(const model::series_id& id, int cpu);
object lost_of(const model::lost& from);
object coverage_of(const model::coverage& from);
object asides_of(const std::map<model::aside, model::set_aside>& from);
object suppressed_of(const std::map<model::stall_kind, std::uint64_t>& from);
object part_of(const model::snapshot& whole); // null: the samples are of all of its time
object cost_of(const model::snapshot& whole);
object splits_of(const std::optional<model::time_splits>& from); // null: nobody asked

// A document and a newline: on one line, or indented. Names of handlers come from drivers and hosts from
// administrators: bytes that are no UTF-8 are replaced.
std::string dump(const object& document, bool lines);

} // namespace irqscope::sink

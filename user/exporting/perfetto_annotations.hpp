// SPDX-License-Identifier: BSD-2-Clause
// Perfetto's DebugAnnotations: named values, dictionaries and lists, which the UI shows of a slice that is selected.
#pragma once

#include "exporting/perfetto_fields.hpp"
#include "sink/page.hpp"

#include <cstdint>
#include <optional>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

namespace irqscope::exporting {

class annotations {
public:
    static constexpr std::size_t longest_text = 200;

    // in: a TrackEvent, or a DebugAnnotation that has others; as: the field of it.
    annotations(protozero::pbf_writer& in, fields::number as) : in_(&in), as_(as) {}

    void text(const char* name, const std::string& value) {
        auto one = begin(name);
        one.add_string(fields::debug_annotation::string_value, sink::printable(value, longest_text));
    }
    void number(const char* name, std::uint64_t value) {
        auto one = begin(name);
        one.add_uint64(fields::debug_annotation::uint_value, value);
    }
    void signed_number(const char* name, std::int64_t value) {
        auto one = begin(name);
        one.add_int64(fields::debug_annotation::int_value, value);
    }
    void flag(const char* name, bool value) {
        auto one = begin(name);
        one.add_bool(fields::debug_annotation::bool_value, value);
    }
    void number(const char* name, const std::optional<std::uint64_t>& value) { // nothing: it is left out
        if (value) number(name, *value);
    }

    // fill(annotations&) adds what it has.
    template <typename Fill>
    void dictionary(const char* name, Fill fill) {
        auto one = begin(name);
        annotations inner(one, fields::debug_annotation::dict_entries);
        fill(inner);
    }
    // Of dictionaries: fill(annotations&, element of `of`) each. Empty: it is left out.
    template <typename T, typename Fill>
    void list(const char* name, const std::vector<T>& of, Fill fill) {
        if (of.empty()) return;
        auto one = begin(name);
        for (const T& element : of) {
            protozero::pbf_writer entry(one, fields::debug_annotation::array_values);
            annotations inner(entry, fields::debug_annotation::dict_entries);
            fill(inner, element);
        }
    }
    void list(const char* name, const std::vector<std::string>& of) {
        if (of.empty()) return;
        auto one = begin(name);
        for (const std::string& element : of) {
            protozero::pbf_writer entry(one, fields::debug_annotation::array_values);
            entry.add_string(fields::debug_annotation::string_value, sink::printable(element, longest_text));
        }
    }

private:
    [[nodiscard]] protozero::pbf_writer begin(const char* name) {
        protozero::pbf_writer one(*in_, as_);
        one.add_string(fields::debug_annotation::name, name);
        return one;
    }

    protozero::pbf_writer* in_;
    fields::number as_;
};

} // namespace irqscope::exporting

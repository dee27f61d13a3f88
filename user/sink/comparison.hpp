// SPDX-License-Identifier: BSD-2-Clause
// What has changed between two recordings, as text or as a document.
#pragma once

#include "model/comparison.hpp"
#include "model/snapshot.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace irqscope::sink {

struct compared_file {
    std::string name;
    model::snapshot whole;
    std::size_t slices = 0;
};

enum class comparison_form { changed, all, json }; // text of what has changed, of everything; a document of everything

// False: the reader has gone away.
bool print_comparison(const model::comparison& of, const model::comparison_options& how, const compared_file& before,
                      const compared_file& after, std::uint64_t slice_ns, comparison_form form);

} // namespace irqscope::sink

// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/lines.hpp"

namespace irqscope::exporting {

lines::lines(const recording::replay& of, const sink::stalls_heading& heading, output& to)
    : to_(&to), script_({{}, true}, of, heading, [&to](const std::string& text) {
          to.write(text);
          return to.is_wanted();
      }) {
    to.write(recording::text_of(of.about()));
}

void lines::on_interval(const model::snapshot& one) {
    script_.on_interval(one);
    script_.flush();
    to_->write(documents_.text_of(one));
}

result<void> lines::finish() {
    script_.finish();
    return {};
}

} // namespace irqscope::exporting

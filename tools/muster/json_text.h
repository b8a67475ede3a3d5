// JSON as people read it in a terminal.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

namespace muster::cli {

// "0.818", "1.271", "0.000123": no exponent, three decimals or three digits, no zeros at the end.
std::string plain_decimal(double value);
// A scalar without quotes; null: "". Fractions are rounded as above.
std::string text_of(const boost::json::value& value);
// The member's text; "" when absent.
std::string member(const boost::json::object& object, std::string_view name);
std::string compact(const boost::json::value& value);
// Indented "name: value" lines.
std::string outline(const boost::json::value& value);
// One line for one event of the change feed.
std::string watch_line(std::string_view event, std::string_view data);

}  // namespace muster::cli

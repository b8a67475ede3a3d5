#include "registry/http/form.h"

#include <gtest/gtest.h>

#include "registry/http/percent.h"

namespace muster::registry::http {
namespace {

TEST(Percent, DecodesStrictly) {
  struct Row {
    const char* why;
    std::string_view text;
    Plus plus;
    std::optional<std::string> decoded;
  };
  const Row rows[] = {
      {"nothing to do", "abc", Plus::literal, "abc"},
      {"both cases of hex", "%2f%2F", Plus::literal, "//"},
      {"a zero octet", "%00", Plus::literal, std::string("\0", 1)},
      {"plus in a path is a plus", "a+b", Plus::literal, "a+b"},
      {"plus in a form is a space", "a+b%2b", Plus::space, "a b+"},
      {"decoded once only", "%2525", Plus::literal, "%25"},
      {"cut short", "%2", Plus::literal, std::nullopt},
      {"a lone percent", "%", Plus::literal, std::nullopt},
      {"no hex", "%g0", Plus::literal, std::nullopt},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    EXPECT_EQ(percent_decode(row.text, row.plus), row.decoded);
  }
}

TEST(Percent, KnowsUtf8) {
  struct Row {
    const char* why;
    std::string_view text;
    bool good;
  };
  const Row rows[] = {
      {"ASCII", "abc", true},
      {"two, three, four octets", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", true},
      {"the last code point", "\xf4\x8f\xbf\xbf", true},
      {"beyond it", "\xf4\x90\x80\x80", false},
      {"overlong slash", "\xc0\xaf", false},
      {"overlong in three", "\xe0\x80\xaf", false},
      {"a surrogate", "\xed\xa0\x80", false},
      {"cut short", "\xe2\x82", false},
      {"a stray continuation", "\x80", false},
      {"Latin-1", "\xe4 ", false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    EXPECT_EQ(is_utf8(row.text), row.good);
  }
}

TEST(Form, UrlEncoded) {
  struct Row {
    const char* why;
    std::string_view body;
    FormFields fields;
  };
  const Row rows[] = {
      {"empty", "", {}},
      {"plain", "a=1&b=2", {{"a", "1"}, {"b", "2"}}},
      {"equal names keep their order", "a=1&a=2", {{"a", "1"}, {"a", "2"}}},
      {"no value", "a&b=", {{"a", ""}, {"b", ""}}},
      {"an equals sign in the value", "a=b=c", {{"a", "b=c"}}},
      {"spaces and escapes", "a+b=%7B%22x%22%3A+1%7D", {{"a b", "{\"x\": 1}"}}},
      {"empty pairs", "&&a=1&", {{"a", "1"}}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto read = read_urlencoded(row.body);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, row.fields);
  }
  EXPECT_EQ(read_urlencoded("a=%zz").error(), FormError::bad_escape);
  std::string many;
  for (std::size_t i = 0; i <= kMaxFormFields; ++i) many += "a=1&";
  EXPECT_EQ(read_urlencoded(many).error(), FormError::too_many_fields);
}

constexpr std::string_view kField = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";

TEST(Form, Multipart) {
  struct Row {
    const char* why;
    std::string body;
    FormFields fields;
  };
  const std::string a(kField);
  const Row rows[] = {
      {"one field", a + "1\r\n--B--\r\n", {{"a", "1"}}},
      {"no end of line after the end", a + "1\r\n--B--", {{"a", "1"}}},
      {"an empty value", a + "\r\n--B--", {{"a", ""}}},
      {"line breaks in the value", a + "x\r\ny\r\n\r\n--B--", {{"a", "x\r\ny\r\n"}}},
      {"a boundary inside a line", a + "x--B\r\n--B--", {{"a", "x--B"}}},
      {"a preamble", "preamble\r\n" + a + "1\r\n--B--", {{"a", "1"}}},
      {"padding after the boundary",
       "--B \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B--",
       {{"a", "1"}}},
      {"a quoted name",
       "--B\r\ncontent-disposition:form-data;name=\"x\\\"y\"\r\n\r\n1\r\n--B--",
       {{"x\"y", "1"}}},
      {"files are no fields",
       "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\nfile\r\n" + a + "1\r\n--B--",
       {{"a", "1"}}},
      {"other part headers",
       "--B\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--",
       {{"a", "1"}}},
      {"no parts", "--B--", {}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto read = read_multipart(row.body, "B");
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, row.fields);
  }
}

TEST(Form, MultipartThatIsRefused) {
  struct Row {
    const char* why;
    std::string body;
    std::string boundary;
    FormError error;
  };
  const std::string a(kField);
  const Row rows[] = {
      {"no boundary", a + "1\r\n--B--", "", FormError::no_boundary},
      {"71 characters", a, std::string(71, 'b'), FormError::no_boundary},
      {"never begun", "1\r\n", "B", FormError::bad_multipart},
      {"never ended", a + "1\r\n", "B", FormError::bad_multipart},
      {"nothing after the boundary", "--B", "B", FormError::bad_multipart},
      {"no header end", "--B\r\nContent-Disposition: form-data; name=a\r\n--B--", "B",
       FormError::bad_multipart},
      {"no name", "--B\r\nContent-Disposition: form-data\r\n\r\n1\r\n--B--", "B", FormError::bad_multipart},
      {"no disposition", "--B\r\n\r\n1\r\n--B--", "B", FormError::bad_multipart},
      {"another disposition", "--B\r\nContent-Disposition: inline; name=a\r\n\r\n1\r\n--B--", "B",
       FormError::bad_multipart},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto read = read_multipart(row.body, row.boundary);
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error(), row.error);
  }
}

TEST(Form, EveryPrefixIsRefused) {
  const std::string whole = std::string(kField) + "1\r\n" + std::string(kField) + "2\r\n--B--";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    SCOPED_TRACE(size);
    const std::string prefix(whole, 0, size);
    EXPECT_FALSE(read_multipart(prefix, "B").has_value());
  }
}

TEST(Form, ChosenByContentType) {
  EXPECT_EQ(read_form("Application/X-WWW-Form-Urlencoded; charset=utf-8", "a=1")->size(), 1u);
  EXPECT_EQ(read_form("multipart/form-data; boundary=\"B\"", std::string(kField) + "1\r\n--B--")->size(), 1u);
  EXPECT_EQ(read_form("multipart/form-data", "a=1").error(), FormError::no_boundary);
  EXPECT_EQ(read_form("application/json", "{}").error(), FormError::not_a_form);
  EXPECT_EQ(read_form("", "a=1").error(), FormError::not_a_form);
}

}  // namespace
}  // namespace muster::registry::http

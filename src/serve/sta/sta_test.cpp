// SensorThings: golden exchanges, expressions against what they must give, and pages of long pasts against a model.
#include "serve/sta/sta.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>
#include <random>

#include "serve/client_test.hpp"
#include "serve/golden_test.hpp"
#include "serve/ngsi/hub_fixture_test.hpp"
#include "serve/sta/evaluate.hpp"
#include "serve/sta/options.hpp"

namespace cityloom::serve::sta {
namespace {

using ngsi_ld::HubServer;

class StaGolden : public testing::TestWithParam<const char*> {};

TEST_P(StaGolden, Exchanges) {
  HubServer hub;
  play_golden(std::string("src/serve/sta/golden/") + GetParam() + ".txt", hub.port(), {},
              [&hub](const GoldenExchange&) { hub.clock().advance_us(1'000'000); });
}

INSTANTIATE_TEST_SUITE_P(Files, StaGolden, testing::Values("reads", "writes"),
                         [](const auto& file) { return std::string(file.param); });

// What an expression without paths is worth, as JSON.
std::string worth(const std::string& text) {
  const std::function<base::Result<Value>(const Expression&)> value_of_tree =
      [&](const Expression& tree) -> base::Result<Value> {
    if (tree.is_literal()) return tree.literal;
    std::vector<Value> arguments;
    for (const Expression& one : tree.arguments) {
      auto value = value_of_tree(one);
      if (!value.ok()) return value;
      arguments.push_back(std::move(*value));
    }
    const auto is_true = [&](size_t i) { return arguments[i] == Value(true); };
    if (tree.operation == Operation::logical_and) return Value(is_true(0) && is_true(1));
    if (tree.operation == Operation::logical_or) return Value(is_true(0) || is_true(1));
    if (tree.operation == Operation::logical_not) return Value(!is_true(0));
    return apply(tree.operation, arguments, *base::Instant::parse("2026-11-22T08:00:00Z"));
  };
  const auto tree = parse_expression(text);
  if (!tree.ok()) return "error";
  const auto value = value_of_tree(*tree);
  if (!value.ok()) return "refused";
  std::string json;
  append_json(*value, json);
  return json;
}

TEST(StaExpression, IsWorthWhatTheStandardSays) {
  const std::map<std::string, std::string> expected = {
      {"1 add 2 mul 3", "7"},
      {"(1 add 2) mul 3", "9"},
      {"7 mod 4 sub -2", "5"},
      {"1 div 0", "null"},
      {"not 1 eq 2 or true", "true"},
      {"true or false and false", "true"},
      {"1 lt 2 eq true", "true"},
      {"'a''b' eq 'a''b'", "true"},
      {"length('건물')", "2"},
      {"substring('건물 이름',1,3)", "\"물 이\""},
      {"indexof('건물','물')", "1"},
      {"concat(toupper('ab'),trim(' c '))", "\"ABc\""},
      {"substringof('b','abc') and contains('abc','c') and startswith('abc','ab') and endswith('abc','bc')", "true"},
      {"year(2026-11-22T23:30:00+09:00)", "2026"},
      {"hour(2026-11-22T23:30:00+09:00)", "14"},
      {"date(2026-11-22T23:30:00Z) eq 2026-11-22", "true"},
      {"time(2026-11-22T23:30:00Z)", "\"23:30:00\""},
      {"fractionalseconds(2026-11-22T23:30:00.25Z)", "0.25"},
      {"now() sub duration'PT1H' eq 2026-11-22T07:00:00Z", "true"},
      {"2026-11-22T08:00:00Z sub 2026-11-22T07:00:00Z eq duration'PT1H'", "true"},
      {"2026-01-01T00:00:00Z/2026-01-02T00:00:00Z lt 2026-01-03T00:00:00Z", "true"},
      {"2026-01-01T00:00:00Z/2026-01-02T00:00:00Z gt 2026-01-01T12:00:00Z", "false"},
      {"during(2026-01-01T00:00:00Z/2026-01-02T00:00:00Z,2026-01-01T00:00:00Z/2026-01-03T00:00:00Z)", "true"},
      {"before(2026-01-01T00:00:00Z,2026-01-01T00:00:00Z/2026-01-03T00:00:00Z)", "false"},
      {"overlaps(2026-01-02T00:00:00Z,2026-01-01T00:00:00Z/2026-01-03T00:00:00Z)", "true"},
      {"meets(2026-01-01T00:00:00Z/2026-01-02T00:00:00Z,2026-01-02T00:00:00Z/2026-01-03T00:00:00Z)", "true"},
      {"round(2.5) add floor(-1.5) add ceiling(1.2)", "3"},
      {"null eq null", "true"},
      {"1 gt null", "false"},
      {"'5' eq 5", "false"},
      {"geo.distance(geography'POINT (0 0)',geography'POINT (3 4)')", "5"},
      {"geo.length(geography'LINESTRING (0 0, 0 2)')", "2"},
      {"st_touches(geography'POLYGON ((0 0,1 0,1 1,0 1,0 0))',geography'POINT (0 0)')", "true"},
      {"st_crosses(geography'LINESTRING (0 0, 2 2)',geography'LINESTRING (0 2, 2 0)')", "true"},
      {"st_relate(geography'POINT (0 0)',geography'POINT (0 0)','0FFFFFFF2')", "true"},
      {"st_relate(geography'POINT (0 0)',geography'POINT (0 0)','x')", "refused"},
      {"1 add", "error"},
      {"(1", "error"},
      {"f(1)", "error"},
      {"length()", "error"},
      {"'a", "error"},
      {"1e400", "error"},
      {"geography'POINT (200 0)'", "error"},
  };
  for (const auto& [text, json] : expected) EXPECT_EQ(worth(text), json) << text;
}

TEST(StaExpression, HasLimits) {
  EXPECT_EQ(parse_expression(std::string(40, '(') + "1" + std::string(40, ')')).error().code, base::Code::too_complex);
  std::string many = "1";
  for (int i = 0; i < 600; ++i) many += " add 1";
  EXPECT_EQ(parse_expression(many).error().code, base::Code::too_complex);
  EXPECT_EQ(parse_expression(std::string(9'000, ' ')).error().code, base::Code::too_complex);
  Options options;
  EXPECT_EQ(set_option("$expand", "A($expand=B($expand=C($expand=D($expand=E($expand=F($expand=G))))))", options)
                .error()
                .code,
            base::Code::too_complex);
}

TEST(StaPath, KeepsSlashesOfIds) {
  const auto steps = parse_path("Things('a/b''c')/Datastreams(5)/$ref");
  ASSERT_TRUE(steps.ok());
  EXPECT_EQ(*steps, (std::vector<Step>{{"Things", "a/b'c"}, {"Datastreams", "5"}, {"$ref", {}}}));
  EXPECT_FALSE(parse_path("Things('a").ok());
  EXPECT_FALSE(parse_path("Things//x").ok());
}

// More than one page of the record, with corrections, in both orders and by windows: each time once, its last word.
TEST(StaObservations, OfALongPastAreEachTimeOnce) {
  HubServer hub;
  TestClient client(hub.port());
  hub.ask("POST", "/entities", 201,
          R"({"id":"urn:s:1","type":"S","v":{"value":-1,"observedAt":"2026-01-01T00:00:00Z"},
              "w":{"value":-7,"observedAt":"2030-01-01T00:00:00Z"}})");
  std::map<int64_t, int> model{{base::Instant::parse("2026-01-01T00:00:00Z")->microseconds, -1}};
  std::mt19937 chance(5);
  int64_t minute = 0;
  for (int batch = 0; batch < 3; ++batch) {
    std::string body =
        R"([{"Datastream":{"@iot.id":"urn:s:1;v"},"components":["result","phenomenonTime"],"dataArray":[)";
    for (int i = 0; i < 4'000; ++i) {
      if (chance() % 4 != 0) ++minute;
      const base::Instant at{base::Instant::parse("2026-01-01T00:00:00Z")->microseconds + minute * 60'000'000};
      model[at.microseconds] = batch * 10'000 + i;
      body += (i == 0 ? "[" : ",[") + std::to_string(batch * 10'000 + i) + ",\"" + at.text() + "\"]";
    }
    const auto response =
        client.ask("POST", "/sta/v1.1/CreateObservations", body + "]}]", "Content-Type: application/json\r\n");
    ASSERT_TRUE(response);
    ASSERT_EQ(response->status, 201) << response->body.substr(0, 300);
  }
  const auto results = [&](const std::string& options) {
    std::vector<int> found;
    std::string target = "/sta/v1.1/Datastreams('urn:s:1;v')/Observations?$select=result&$top=3000" + options;
    while (!target.empty()) {
      const auto response = client.ask("GET", target);
      EXPECT_TRUE(response && response->status == 200) << target;
      simdjson::dom::parser parser;
      const simdjson::dom::element root = parser.parse(response->body);
      for (const auto& one : root["value"].get_array()) found.push_back(static_cast<int>(one["result"].get_int64()));
      std::string_view next;
      target = root["@iot.nextLink"].get(next) == simdjson::SUCCESS ? std::string(next.substr(next.find("/sta/")))
                                                                    : std::string();
    }
    return found;
  };
  std::vector<int> wanted;
  for (const auto& [at, value] : model) wanted.push_back(value);
  EXPECT_EQ(results(""), wanted);
  std::vector<int> backwards(wanted.rbegin(), wanted.rend());
  EXPECT_EQ(results("&$orderby=phenomenonTime%20desc"), backwards);
  const auto from = base::Instant{std::next(model.begin(), 100)->first};
  const auto to = base::Instant{std::next(model.begin(), 200)->first};
  EXPECT_EQ(results("&$filter=phenomenonTime%20ge%20" + from.text() + "%20and%20phenomenonTime%20lt%20" + to.text()),
            std::vector<int>(wanted.begin() + 100, wanted.begin() + 200));
  // Of all datastreams together, the latest first.
  const auto all = client.ask("GET", "/sta/v1.1/Observations?$select=result&$top=5&$orderby=phenomenonTime%20desc");
  ASSERT_TRUE(all);
  std::string latest;
  latest = "{\"result\":-7}";
  for (size_t i = 0; i < 4; ++i) latest += ",{\"result\":" + std::to_string(backwards[i]) + "}";
  EXPECT_NE(all->body.find("\"value\":[" + latest + "]"), std::string::npos) << all->body;
  const auto count = client.ask("GET", "/sta/v1.1/Datastreams('urn:s:1;v')/Observations/$count");
  ASSERT_TRUE(count);
  EXPECT_EQ(count->body, std::to_string(model.size()));
}

}  // namespace
}  // namespace cityloom::serve::sta

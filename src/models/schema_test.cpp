// Schemas: a table of cases, hostile ones, and the definitions known here.
#include "models/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cityloom::models {
namespace {

using base::Code;
using testing::HasSubstr;

std::vector<Finding> check(const std::string& schema, const std::string& value) {
  const auto compiled = Schema::compile(schema);
  EXPECT_TRUE(compiled.ok()) << schema << ": " << (compiled.ok() ? "" : compiled.error().text());
  const auto read = read_value(value);
  EXPECT_TRUE(read.has_value()) << value;
  std::vector<Finding> findings;
  if (compiled.ok() && read) compiled->check(compiled->root(), *read, "", findings);
  return findings;
}

struct Case {
  const char* schema;
  std::vector<const char*> good;
  std::vector<const char*> bad;
};

TEST(Schema, HoldsValuesToEachKeyword) {
  const std::vector<Case> cases = {
      {R"({"type":"number"})", {"1", "1.5", "-0"}, {"\"1\"", "null", "[1]", "true"}},
      {R"({"type":"integer"})", {"1", "1.0", "1e3"}, {"1.5", "\"1\""}},
      {R"({"type":["string","null"]})", {"\"\"", "null"}, {"1", "{}"}},
      {R"({"enum":["a",1,null,{"b":[1]}]})", {"\"a\"", "1.0", "null", R"({"b":[1]})"}, {"\"A\"", "2", R"({"b":[2]})"}},
      {R"({"const":{"a":1,"b":2}})", {R"({"b":2,"a":1.0})"}, {R"({"a":1})"}},
      {R"({"minimum":0,"maximum":100})", {"0", "100", "\"not a number\""}, {"-0.1", "101"}},
      {R"({"exclusiveMinimum":0,"exclusiveMaximum":1})", {"0.5"}, {"0", "1"}},
      {R"({"multipleOf":0.1})", {"0.3", "1", "12345.6"}, {"0.35"}},
      {R"({"minLength":2,"maxLength":3})", {"\"ab\"", "\"서울시\"", "5"}, {"\"a\"", "\"abcd\"", "\"서\""}},
      {R"({"pattern":"^[A-Z]{2}$"})", {"\"KR\"", "7"}, {"\"kr\"", "\"KOR\""}},
      {R"({"format":"date-time"})", {"\"2026-11-22T08:05:00Z\"", "3"}, {"\"2026-11-22\"", "\"soon\""}},
      {R"({"format":"date"})", {"\"2026-11-22\""}, {"\"2026-13-01\"", "\"22.11.2026\""}},
      {R"({"format":"time"})", {"\"08:05:00Z\"", "\"08:05:00+09:00\""}, {"\"25:00:00Z\""}},
      {R"({"format":"uri"})", {"\"urn:a:b\"", "\"https://a.b/c?d#e\""}, {"\"a b\"", "\"/relative\"", "\"1:2\""}},
      {R"({"format":"email"})", {"\"a@b.c\""}, {"\"a\"", "\"@b\"", "\"a@\""}},
      {R"({"format":"something-else"})", {"\"anything\""}, {}},
      {R"({"items":{"type":"integer"},"minItems":1,"maxItems":2})", {"[1]", "[1,2]"}, {"[]", "[1,2,3]", "[\"a\"]"}},
      {R"({"items":[{"type":"string"}],"additionalItems":{"type":"number"}})", {"[\"a\",1]"}, {"[1]", "[\"a\",\"b\"]"}},
      {R"({"items":{"type":"string"},"additionalItems":false})", {"[\"a\",\"b\"]"}, {"[1]"}},
      {R"({"additionalItems":false})", {"[1]"}, {}},
      {R"({"contains":{"const":1}})", {"[1]", "[2,1]", "1"}, {"[]", "[2]"}},
      {R"({"contains":{"const":1},"minContains":0})", {"[]", "[2]", "[1,1]"}, {}},
      {R"({"contains":{"const":1},"minContains":2,"maxContains":2})", {"[1,1]", "[1,2,1]"}, {"[1]", "[1,1,1]"}},
      {R"({"maxContains":0,"minContains":9})", {"[1]"}, {}},
      {R"({"prefixItems":[{"type":"string"}],"items":false})", {"[\"a\"]"}, {"[\"a\",1]"}},
      {R"({"uniqueItems":true})", {"[1,2,\"1\"]", "[]"}, {"[1,1.0]", R"([{"a":1},{"a":1}])"}},
      {R"({"required":["a"]})", {R"({"a":null})", "[]"}, {"{}"}},
      {R"({"properties":{"a":{"type":"number"}}})", {"{}", R"({"a":1,"b":"x"})"}, {R"({"a":"1"})"}},
      {R"({"properties":{"a":true},"additionalProperties":false})", {R"({"a":1})"}, {R"({"b":1})"}},
      {R"({"patternProperties":{"^pm":{"type":"number"}},"additionalProperties":false})",
       {R"({"pm10":1})"},
       {R"({"pm10":"x"})", R"({"no2":1})"}},
      {R"({"propertyNames":{"maxLength":2}})", {R"({"ab":1})"}, {R"({"abc":1})"}},
      {R"({"minProperties":1,"maxProperties":1})", {R"({"a":1})"}, {"{}", R"({"a":1,"b":1})"}},
      {R"({"dependentRequired":{"a":["b"]}})", {R"({"b":1})", R"({"a":1,"b":1})"}, {R"({"a":1})"}},
      {R"({"dependentSchemas":{"a":{"required":["b"]}}})", {"{}", R"({"a":1,"b":1})", "[]"}, {R"({"a":1})"}},
      {R"({"dependencies":{"a":["b"],"c":{"maxProperties":1}}})",
       {R"({"a":1,"b":1})", R"({"c":1})"},
       {R"({"a":1})", R"({"c":1,"d":1})"}},
      {R"({"allOf":[{"minimum":1},{"maximum":2}]})", {"1", "2"}, {"0", "3"}},
      {R"({"anyOf":[{"required":["a"]},{"required":["b"]}]})", {R"({"a":1})", R"({"b":1})"}, {"{}"}},
      {R"({"oneOf":[{"multipleOf":2},{"multipleOf":3}]})", {"2", "3"}, {"6", "7"}},
      {R"({"not":{"type":"string"}})", {"1"}, {"\"a\""}},
      {R"({"if":{"const":1},"then":{"minimum":1},"else":{"type":"string"}})", {"1", "\"a\""}, {"2"}},
      {R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"number"}}})", {"1"}, {"\"1\""}},
      {R"({"items":{"$ref":"#"},"type":"array"})", {"[]", "[[],[[]]]"}, {"[1]"}},
      {R"({"$id":"https://e.org/s.json","$ref":"https://e.org/s.json#/definitions/a~1b","definitions":{"a/b":{"const":1}}})",
       {"1"},
       {"2"}},
      {"true", {"1", "{}"}, {}},
      {"false", {}, {"1", "{}"}},
  };
  for (const Case& one : cases) {
    for (const char* const value : one.good) EXPECT_TRUE(check(one.schema, value).empty()) << one.schema << value;
    for (const char* const value : one.bad) EXPECT_FALSE(check(one.schema, value).empty()) << one.schema << value;
  }
}

TEST(Schema, FindsSchemasByTheirNames) {
  const std::vector<Case> cases = {
      {R"({"$ref":"#a","$defs":{"x":{"$anchor":"a","type":"number"}}})", {"1"}, {"\"1\""}},
      {R"({"$ref":"#a","definitions":{"x":{"$id":"#a","type":"number"}}})", {"1"}, {"\"1\""}},
      {R"({"$id":"https://e.org/a/root.json","$ref":"../b/item.json#n",
        "$defs":{"i":{"$id":"/b/c/../item.json","not":{"$defs":{"n":{}}},"$defs":{"n":{"$anchor":"n","const":1}}}}})",
       {"1"},
       {"2"}},
      {R"({"$ref":"inner","$defs":{"t":{"const":1},"i":{"$id":"inner","$ref":"#/$defs/t","$defs":{"t":{"const":2}}}}})",
       {"2"},
       {"1"}},
      {R"({"$ref":"urn:e:one","$defs":{"a b":{"$id":"urn:e:one","$ref":"urn:e:two#/$defs/c%20%25d"},
        "b":{"$id":"urn:e:two","$defs":{"c %d":{"type":"null"}}}}})",
       {"null"},
       {"1"}},
      // What only looks like a name.
      {R"({"const":{"$id":"a","$anchor":1}})", {R"({"$id":"a","$anchor":1})"}, {"1"}},
      {R"({"properties":{"$anchor":{"type":"number"},"$id":{"$id":"#/properties/$id"}}})",
       {R"({"$anchor":1})"},
       {"{\"$anchor\":\"\"}"}},
  };
  for (const Case& one : cases) {
    for (const char* const value : one.good) EXPECT_TRUE(check(one.schema, value).empty()) << one.schema << value;
    for (const char* const value : one.bad) EXPECT_FALSE(check(one.schema, value).empty()) << one.schema << value;
  }
}

// Where they lead depends on the resources that a check came through: the first that has the name.
TEST(Schema, FollowsDynamicReferences) {
  const std::string tree = R"("t":{"$id":"tree","$dynamicAnchor":"node","type":"object",
    "properties":{"data":true,"children":{"type":"array","items":{"$dynamicRef":"#node"}}}})";
  const std::string old_tree = R"("t":{"$id":"tree","$recursiveAnchor":true,"type":"object",
    "properties":{"data":true,"children":{"type":"array","items":{"$recursiveRef":"#"}}}})";
  const std::string list = R"("$defs":{"list":{"$id":"list","type":"array","items":{"$dynamicRef":"#of"},
    "$defs":{"any":{"$dynamicAnchor":"of"}}},
    "n":{"$id":"numbers","$ref":"list","$defs":{"of":{"$dynamicAnchor":"of","type":"number"}}},
    "t":{"$id":"texts","$ref":"list","$defs":{"of":{"$dynamicAnchor":"of","type":"string"}}},
    "l":{"$id":"lists","$ref":"list","$defs":{"of":{"$dynamicAnchor":"of","$ref":"numbers"}}}})";
  const std::string misspelt = R"({"children":[{"daat":1}]})";
  const auto is_good = [](const std::string& schema, const std::string& value) { return check(schema, value).empty(); };
  const std::string strict = R"({"$dynamicAnchor":"node","$ref":"tree","unevaluatedProperties":false,"$defs":{)";
  EXPECT_TRUE(is_good(strict + tree + "}}", R"({"children":[{"data":1,"children":[]}]})"));
  EXPECT_FALSE(is_good(strict + tree + "}}", misspelt));
  EXPECT_FALSE(is_good(strict + tree + "}}", R"({"children":[1]})"));
  EXPECT_TRUE(is_good(R"({"$ref":"tree","unevaluatedProperties":false,"$defs":{)" + tree + "}}", misspelt));
  EXPECT_TRUE(
      is_good(R"({"$anchor":"node","$ref":"tree","unevaluatedProperties":false,"$defs":{)" + tree + "}}", misspelt));
  const std::string recursive = R"({"$recursiveAnchor":true,"$ref":"tree","unevaluatedProperties":false,"$defs":{)";
  EXPECT_FALSE(is_good(recursive + old_tree + "}}", misspelt));
  EXPECT_TRUE(is_good(recursive + old_tree + "}}", R"({"children":[{"data":1}]})"));
  EXPECT_TRUE(is_good(R"({"$ref":"tree","unevaluatedProperties":false,"$defs":{)" + old_tree + "}}", misspelt));
  EXPECT_FALSE(is_good(R"({"$recursiveAnchor":false,"items":{"$recursiveRef":"#"},"type":"array"})", "[[1]]"));
  // One schema, led through in several ways.
  const std::string both = R"({"properties":{"n":{"$ref":"numbers"},"t":{"$ref":"texts"},"l":{"$ref":"lists"}},)";
  EXPECT_TRUE(is_good(both + list + "}", R"({"n":[1],"t":["a"]})"));
  EXPECT_FALSE(is_good(both + list + "}", R"({"n":["a"]})"));
  EXPECT_FALSE(is_good(both + list + "}", R"({"t":[1]})"));
  // The outermost has the word: lists of lists, however deep, though numbers are asked for further in.
  EXPECT_TRUE(is_good(both + list + "}", R"({"l":[[[]]]})"));
  EXPECT_FALSE(is_good(both + list + "}", R"({"l":[[1]]})"));
  // What no dynamic anchor is behind is a reference as any other.
  EXPECT_FALSE(is_good(R"({"items":{"$dynamicRef":"#a"},"$defs":{"a":{"$anchor":"a","type":"null"}}})", "[1]"));
  EXPECT_FALSE(is_good(R"({"items":{"$dynamicRef":"#/$defs/a"},"$defs":{"a":{"type":"null"}}})", "[1]"));
  EXPECT_FALSE(is_good(R"({"$ref":"#/$defs/a","$dynamicRef":"#/$defs/b","$defs":{"a":true,"b":{"const":1}}})", "2"));
}

// Which members and items count as looked at (JSON Schema 2020-12, section 11): those of schemas that fit, at any depth
// of what is applied in place.
TEST(Schema, KnowsWhatNoSchemaHasLookedAt) {
  const std::vector<Case> cases = {
      {R"({"properties":{"a":{}},"unevaluatedProperties":false})", {"{}", R"({"a":1})"}, {R"({"b":1})"}},
      {R"({"properties":{"a":{}},"unevaluatedProperties":{"type":"number"}})", {R"({"b":1})"}, {R"({"b":""})"}},
      {R"({"allOf":[{"properties":{"a":{}}},{"patternProperties":{"^b":{}}}],"unevaluatedProperties":false})",
       {R"({"a":1,"bc":1})"},
       {R"({"a":1,"c":1})"}},
      {R"({"allOf":[{"additionalProperties":{}}],"unevaluatedProperties":false})", {R"({"a":1})"}, {}},
      {R"({"allOf":[{"properties":{"b":{}},"unevaluatedProperties":true}],"unevaluatedProperties":false})",
       {R"({"a":1,"b":1})"},
       {}},
      {R"({"$ref":"#/$defs/d","unevaluatedProperties":false,"$defs":{"d":{"properties":{"a":{}}}}})",
       {R"({"a":1})"},
       {R"({"b":1})"}},
      {R"({"anyOf":[{"properties":{"a":{"const":1}},"required":["a"]},{"properties":{"b":{}},"required":["b"]}],
        "unevaluatedProperties":false})",
       {R"({"a":1})", R"({"b":1})", R"({"a":1,"b":1})"},
       {R"({"a":2,"b":1})", R"({"a":1,"c":1})"}},
      {R"({"oneOf":[{"properties":{"k":{"const":1},"a":{}}},{"properties":{"k":{"const":2},"b":{}}}],"required":["k"],
        "unevaluatedProperties":false})",
       {R"({"k":1,"a":1})", R"({"k":2,"b":1})"},
       {R"({"k":1,"b":1})", R"({"k":2,"a":1})"}},
      {R"({"if":{"properties":{"k":{"const":1}},"required":["k"]},"then":{"properties":{"a":{}}},
        "else":{"properties":{"b":{}}},"unevaluatedProperties":false})",
       {R"({"k":1,"a":1})", R"({"b":1})"},
       {R"({"k":2})", R"({"k":1,"b":1})"}},
      {R"({"not":{"not":{"properties":{"a":{}}}},"unevaluatedProperties":false})", {"{}"}, {R"({"a":1})"}},
      {R"({"dependentSchemas":{"a":{"properties":{"b":{}}}},"properties":{"a":{}},"unevaluatedProperties":false})",
       {R"({"a":1,"b":1})"},
       {R"({"b":1})"}},
      {R"({"propertyNames":{"maxLength":3},"unevaluatedProperties":false})", {"{}"}, {R"({"a":1})"}},
      {R"({"properties":{"a":{"unevaluatedProperties":false}}})", {R"({"a":{},"b":1})"}, {R"({"a":{"b":1}})"}},
      {R"({"prefixItems":[{}],"unevaluatedItems":false})", {"[]", "[1]"}, {"[1,2]"}},
      {R"({"allOf":[{"items":{}}],"unevaluatedItems":false})", {"[1,2]"}, {}},
      {R"({"contains":{"type":"string"},"unevaluatedItems":{"type":"number"}})", {R"(["a",1])"}, {R"(["a",null])"}},
      {R"({"anyOf":[{"prefixItems":[{"const":1}]},{"prefixItems":[{},{}]}],"unevaluatedItems":false})",
       {"[1]", "[1,2]", "[2,2]"},
       {"[1,2,3]"}},
  };
  for (const Case& one : cases) {
    for (const char* const value : one.good) EXPECT_TRUE(check(one.schema, value).empty()) << one.schema << value;
    for (const char* const value : one.bad) EXPECT_FALSE(check(one.schema, value).empty()) << one.schema << value;
  }
  const auto told = check(R"({"properties":{"a":{"unevaluatedProperties":false}}})", R"({"a":{"b":1}})");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].text(), "a.b: is not in the model");
  EXPECT_EQ(told[0].rule, "unevaluatedProperties");
}

TEST(Schema, SaysWhatIsWrongAndWhere) {
  const std::string schema = R"({"properties":{"address":{"properties":{"postalCode":{"type":"string"}}},
    "levels":{"items":{"maximum":100}},"status":{"enum":["open","closed"]},
    "owner":{"anyOf":[{"type":"string"},{"type":"array","items":{"format":"uri"}}]}},"required":["id"]})";
  const auto findings =
      check(schema, R"({"address":{"postalCode":5},"levels":[1,101],"status":"ajar","owner":["not one"]})");
  ASSERT_EQ(findings.size(), 5u);
  EXPECT_EQ(findings[0].text(), "id: is missing");
  EXPECT_EQ(findings[1].text(), "address.postalCode: must be a text, is 5");
  EXPECT_EQ(findings[2].text(), "levels[1]: must be at most 100, is 101");
  EXPECT_EQ(findings[3].text(), "owner[0]: must be a URI, is \"not one\"");
  EXPECT_EQ(findings[4].text(), R"(status: must be one of "closed", "open"; is "ajar")");
  EXPECT_EQ(findings[4].rule, "enum");
}

TEST(Schema, KnowsTheDefinitionsThatModelsShare) {
  const std::string schema = R"({"allOf":[
    {"$ref":"https://smart-data-models.github.io/data-models/common-schema.json#/definitions/GSMA-Commons"},
    {"$ref":"https://smart-data-models.github.io/data-models/common-schema.json#/definitions/Location-Commons"},
    {"properties":{"shape":{"$ref":"https://geojson.org/schema/Polygon.json"}}}]})";
  EXPECT_TRUE(check(schema, R"({"id":"urn:a","name":"a","location":{"type":"Point","coordinates":[1,2]}})").empty());
  EXPECT_EQ(check(schema, R"({"dateCreated":"yesterday"})").size(), 1u);
  EXPECT_EQ(check(schema, R"({"shape":{"type":"Point","coordinates":[1,2]}})").size(), 1u);
  const auto unknown = Schema::compile(R"({"$ref":"https://example.org/other.json#/definitions/Point"})");
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.error().text(), HasSubstr("nothing is fetched"));
}

TEST(Schema, RefusesWhatIsNoSchemaOrWouldNotBeChecked) {
  for (const char* const schema : {"",
                                   "{",
                                   "[]",
                                   "7",
                                   R"({"type":"float"})",
                                   R"({"minimum":"1"})",
                                   R"({"minimum":1e400})",
                                   R"({"minLength":-1})",
                                   R"_({"pattern":"(?=a)"})_",
                                   R"_({"pattern":"("})_",
                                   R"({"enum":1})",
                                   R"({"required":"a"})",
                                   R"({"properties":[]})",
                                   R"({"allOf":[]})",
                                   R"({"multipleOf":0})",
                                   R"({"$ref":"#/nowhere"})",
                                   R"({"$ref":"#anchor"})",
                                   R"({"exclusiveMinimum":true})",
                                   R"({"contains":1})",
                                   R"({"minContains":-1})",
                                   R"({"dependentSchemas":["a"]})",
                                   R"({"unevaluatedProperties":"no"})",
                                   R"({"$anchor":"1"})",
                                   R"({"$anchor":1})",
                                   R"({"$dynamicAnchor":""})",
                                   R"({"$recursiveAnchor":"a"})",
                                   R"({"$dynamicRef":"#a"})",
                                   R"({"$dynamicRef":1})",
                                   R"({"$recursiveRef":"#a"})",
                                   R"({"$ref":"other.json"})",
                                   R"({"$id":"https://e.org/a","$ref":"b"})",
                                   R"({"$anchor":"a","not":{"$anchor":"a"}})",
                                   R"({"$anchor":"a","not":{"$dynamicAnchor":"a"}})",
                                   R"({"not":{"$id":"a"},"items":{"$id":"b/../a"}})"}) {
    const auto compiled = Schema::compile(schema);
    EXPECT_FALSE(compiled.ok()) << schema;
  }
  const auto twice = Schema::compile(R"({"$anchor":"b","properties":{"a":{"$anchor":"b"}}})");
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().where, "/properties/a/$anchor");
}

TEST(Schema, BoundsHostileSchemas) {
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += R"({"items":)";
  deep += "{}" + std::string(300, '}');
  EXPECT_EQ(Schema::compile(deep).error().code, Code::too_complex);
  EXPECT_EQ(Schema::compile(std::string(300 << 10, ' ')).error().code, Code::too_large);
  std::string many = R"({"properties":{)";
  for (int i = 0; i < 5'000; ++i) many += (i > 0 ? ",\"a" : "\"a") + std::to_string(i) + "\":{}";
  EXPECT_EQ(Schema::compile(many + "}}").error().code, Code::too_large);
  std::string patterns = R"({"allOf":[)";
  for (int i = 0; i < 200; ++i) patterns += std::string(i > 0 ? "," : "") + R"({"pattern":"a"})";
  EXPECT_EQ(Schema::compile(patterns + "]}").error().code, Code::too_large);
  EXPECT_EQ(Schema::compile(R"({"pattern":")" + std::string(2'000, 'a') + "\"}").error().code, Code::too_complex);
  EXPECT_FALSE(Schema::compile(R"_({"pattern":"((((a{100}){100}){100}){100})"})_").ok());
  std::string choices = R"({"enum":[0)";
  for (int i = 1; i < 20'000; ++i) choices += "," + std::to_string(i);
  EXPECT_EQ(Schema::compile(choices + "]}").error().code, Code::too_large);
  std::string names = R"({"allOf":[)";
  for (int i = 0; i < 3'000; ++i)
    names += std::string(i > 0 ? "," : "") + R"({"$anchor":"a)" + std::to_string(i) + "\"}";
  EXPECT_EQ(Schema::compile(names + "]}").error().code, Code::too_large);
  const std::string far = R"({"$defs": {")" + std::string(9'000, 'x') + R"(": {"$anchor": "a"}}})";
  EXPECT_EQ(Schema::compile(far).error().code, Code::too_large);
  const std::string named = R"({"$id": "https://example.org/)" + std::string(3'000, 'x') + R"("})";
  EXPECT_EQ(Schema::compile(named).error().code, Code::too_large);
  // Each of so many schemas chooses one of two names: each way through them is another one.
  std::string ways = R"({"$ref":"s0","$defs":{)";
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i),
                      next = i < 19 ? R"("$ref":"s)" + std::to_string(i + 1) + '"' : R"("$dynamicRef":"#n0")";
    ways += "\"s" + n + R"(":{"$id":"s)" + n + R"(","anyOf":[{"$ref":"a)" + n + R"("},{"$ref":"b)" + n + R"("}]},)";
    for (const char* const which : {"a", "b"})
      ways += std::string("\"") + which + n + R"(":{"$id":")" + which + n + "\"," + next +
              R"(,"$defs":{"n":{"$dynamicAnchor":"n)" + n + "\"}}},";
  }
  ways.back() = '}';
  EXPECT_EQ(Schema::compile(ways + "}").error().code, Code::too_large);
}

TEST(Schema, BoundsChecks) {
  const auto steps = [](const std::vector<Finding>& findings) {
    return findings.size() == 1 && findings.front().rule == "steps";
  };
  EXPECT_TRUE(steps(check(R"({"$ref":"#"})", "1")));
  EXPECT_TRUE(steps(check(R"({"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}})", "1")));
  // Twice as many steps with each level of the value.
  const std::string twice = R"({"items":{"allOf":[{"$ref":"#"},{"$ref":"#"},{"$ref":"#"}]}})";
  EXPECT_TRUE(steps(check(twice, std::string(40, '[') + std::string(40, ']'))));
  const std::string either =
      R"({"items":{"anyOf":[{"items":{"$ref":"#/items"},"not":{}},{"items":{"$ref":"#/items"}}]}})";
  EXPECT_LE(check(either, std::string(60, '[') + std::string(60, ']')).size(), findings_max);
  std::string long_list = "[0";
  for (int i = 1; i < 40'000; ++i) long_list += "," + std::to_string(i);
  EXPECT_TRUE(check(R"({"uniqueItems":true})", long_list + "]").empty());
  EXPECT_EQ(check(R"({"items":{"type":"string"}})", long_list + "]").size(), findings_max);
  // What is marked of long arrays counts as well.
  std::string tries = R"({"unevaluatedItems":false,"anyOf":[{})";
  for (int i = 1; i < 1'000; ++i) tries += R"(,{"items":{}})";
  EXPECT_TRUE(steps(check(tries + "]}", long_list + "]")));
  EXPECT_FALSE(read_value(std::string(200'000, '[')).has_value());
  std::string too_long = "[0";
  for (size_t i = 0; i < value_parts_max; ++i) too_long += ",0";
  EXPECT_FALSE(read_value(too_long + "]").has_value());
}

}  // namespace
}  // namespace cityloom::models

#include "ngsi/parse.hpp"

#include <gtest/gtest.h>

#include <ctime>

#include "ngsi/context_source.hpp"
#include "ngsi/golden_test.hpp"
#include "ngsi/problem.hpp"
#include "ngsi/query.hpp"

namespace cityloom::ngsi {
namespace {

using Kind = thread::Change::Kind;
using testing::change_of;
using twin::AttributeKind;

struct Parse : ::testing::Test {
  twin::TermTable terms;
  ContextPointer core = Context::core();

  base::Result<thread::Change> read(const std::string& json, ChangeForm form = {}) {
    return change_of(json, *core, terms, form);
  }
  base::Result<thread::Change> attribute(const std::string& json, ChangeForm form = {}) {
    return read(R"({"id":"urn:a","type":"T","a":)" + json + "}", form);
  }
  base::Result<thread::Change> fragment(const std::string& json, Kind kind = Kind::merge) {
    ChangeForm form;
    form.kind = kind;
    form.entity_id = "urn:a";
    return read(json, form);
  }
  twin::Term term(const std::string& name) { return terms.find(core->expand(name)); }
};

TEST_F(Parse, InfersTheKindOfConciseAttributes) {
  const std::pair<const char*, AttributeKind> cases[] = {
      {"1", AttributeKind::property},
      {"\"urn:x:y\"", AttributeKind::property},
      {"[1,2]", AttributeKind::property},
      {R"({"street":"x"})", AttributeKind::property},
      {R"({"value":1})", AttributeKind::property},
      {R"({"type":"Point","coordinates":[127.1,37.5]})", AttributeKind::geo_property},
      {R"({"value":{"type":"Point","coordinates":[127.1,37.5]}})", AttributeKind::geo_property},
      {R"({"type":"GeoProperty","value":"{\"type\":\"Point\",\"coordinates\":[127.1,37.5]}"})",
       AttributeKind::geo_property},
      {R"({"object":"urn:x:y"})", AttributeKind::relationship},
      {R"({"languageMap":{"ko":"잠실"}})", AttributeKind::language_property},
      {R"({"vocab":"Open"})", AttributeKind::vocab_property},
      {R"({"json":{"id":1,"x":null}})", AttributeKind::json_property},
      {R"({"valueList":[1,2]})", AttributeKind::list_property},
      {R"({"objectList":["urn:x:y",{"object":"urn:x:z"}]})", AttributeKind::list_relationship},
  };
  for (const auto& [json, kind] : cases) {
    const auto change = attribute(json);
    ASSERT_TRUE(change.ok()) << json << ": " << change.error().text();
    ASSERT_EQ(change->attributes.size(), 1u);
    EXPECT_EQ(change->attributes[0].kind, kind) << json;
  }
}

TEST_F(Parse, ReadsWhatGoesWithAnAttribute) {
  const auto change = attribute(
      R"({"type":"Property","value":23.0,"unitCode":"CEL","observedAt":"2026-11-22T08:00:00,5Z","datasetId":"urn:d:1",
          "createdAt":"2020-01-01T00:00:00Z","instanceId":"urn:i:1","accuracy":{"type":"Property","value":0.5,"unitCode":"CEL"},
          "providedBy":{"object":"urn:s:1","objectType":["Sensor","Thing"]}})");
  ASSERT_TRUE(change.ok()) << change.error().text();
  const twin::Attribute& a = change->attributes[0];
  EXPECT_EQ(a.value, twin::Value(int64_t{23}));
  EXPECT_EQ(terms.text(a.unit), "CEL");
  EXPECT_EQ(a.observed_at.text(), "2026-11-22T08:00:00.500Z");
  EXPECT_EQ(terms.text(a.dataset), "urn:d:1");
  ASSERT_EQ(a.members.size(), 2u);
  EXPECT_EQ(a.members[0].value, twin::Value(0.5));
  EXPECT_EQ(a.members[1].object_types.size(), 2u);
  EXPECT_FALSE(a.created_at.exists());
}

TEST_F(Parse, SeveralInstancesStandByDataset) {
  const auto change =
      attribute(R"([{"value":1},{"value":2,"datasetId":"urn:d:1"},{"object":"urn:x:y","datasetId":"urn:d:2"}])");
  ASSERT_TRUE(change.ok()) << change.error().text();
  EXPECT_EQ(change->attributes.size(), 3u);
  for (const char* bad :
       {R"([{"value":1},{"value":2}])", R"([{"value":1},{"value":2,"datasetId":"@none"}])", R"([{"value":1},2])",
        R"([{"value":1,"datasetId":"urn:d:1"},{"value":2,"datasetId":"urn:d:1"}])"}) {
    EXPECT_FALSE(attribute(bad).ok()) << bad;
  }
  EXPECT_EQ(read(R"({"id":"urn:a","type":"T","a":1,"a":2})").error().where, "a");
}

TEST_F(Parse, RefusesWithThePathOfTheMistake) {
  const std::tuple<const char*, const char*> cases[] = {
      {R"({"type":"T"})", "id"},
      {R"({"id":"urn:a"})", "type"},
      {R"({"id":"noturi","type":"T"})", "id"},
      {R"({"id":"urn:a","type":[]})", "type"},
      {R"({"id":"urn:a","type":"T","a":null})", "a"},
      {R"({"id":"urn:a","type":"T","a":{"value":null}})", "a.value"},
      {R"({"id":"urn:a","type":"T","a":{"value":{"x":[1,null]}}})", "a.value.x[1]"},
      {R"({"id":"urn:a","type":"T","a":"urn:ngsi-ld:null"})", "a"},
      {R"({"id":"urn:a","type":"T","a":{"type":"Relationship","object":"not a uri"}})", "a.object"},
      {R"({"id":"urn:a","type":"T","a":{"type":"Relationship","value":1}})", "a.value"},
      {R"({"id":"urn:a","type":"T","a":{"type":"Relationship","object":"urn:x:y","unitCode":"MTR"}})", "a.unitCode"},
      {R"({"id":"urn:a","type":"T","a":{"type":"Property"}})", "a"},
      {R"({"id":"urn:a","type":"T","a":{"type":"Nonsense","value":1}})", "a.type"},
      {R"({"id":"urn:a","type":"T","a":{"value":1,"observedAt":"yesterday"}})", "a.observedAt"},
      {R"({"id":"urn:a","type":"T","a":{"value":1,"previousValue":0}})", "a.previousValue"},
      {R"({"id":"urn:a","type":"T","a":{"value":1,"@context":{}}})", "a.@context"},
      {R"({"id":"urn:a","type":"T","a":{"value":1,"b":{"value":2,"c":{"type":"Relationship"}}}})", "a.b.c"},
      {R"({"id":"urn:a","type":"T","a":{"languageMap":{"not a tag":"x"}}})", "a.languageMap.not a tag"},
      {R"({"id":"urn:a","type":"T","a":{"languageMap":{"ko":1}}})", "a.languageMap.ko"},
      {R"({"id":"urn:a","type":"T","a b":1})", "a b"},
      {R"({"id":"urn:a","type":"T","unitCode":"CEL"})", "unitCode"},
      {R"({"id":"urn:a","type":"T","scope":"a b"})", "scope"},
      {R"({"id":"urn:a","type":"T","location":{"type":"Point","coordinates":[200,0]}})", "location.coordinates"},
      {R"({"id":"urn:a","type":"T","location":{"type":"GeoProperty","value":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}}})",
       "location.value.coordinates line or ring 0"},
      {R"({"id":"urn:a","type":"T","location":{"type":"GeoProperty","value":{"type":"GeometryCollection","geometries":[]}}})",
       "location.value.type"},
  };
  for (const auto& [json, where] : cases) {
    const auto change = read(json);
    ASSERT_FALSE(change.ok()) << json;
    EXPECT_EQ(change.error().where, where) << json << ": " << change.error().what;
    EXPECT_EQ(problem_of(change.error()), ProblemType::bad_request_data);
  }
}

TEST_F(Parse, NullDeletesWhereTheStandardLetsIt) {
  EXPECT_TRUE(twin::is_null(fragment(R"({"a":"urn:ngsi-ld:null"})")->attributes[0].value));
  EXPECT_TRUE(twin::is_null(
      fragment(R"({"a":{"type":"Property","value":"urn:ngsi-ld:null"}})", Kind::update)->attributes[0].value));
  EXPECT_TRUE(twin::is_null(fragment(R"({"a":{"languageMap":{"@none":"urn:ngsi-ld:null"}}})")->attributes[0].value));
  EXPECT_TRUE(twin::is_null(fragment(R"({"a":{"valueList":["urn:ngsi-ld:null"]}})")->attributes[0].value));
  EXPECT_TRUE(twin::is_null(fragment(R"({"a":{"value":1,"b":"urn:ngsi-ld:null"}})")->attributes[0].members[0].value));
  EXPECT_TRUE(fragment(R"({"a":{"value":{"country":"urn:ngsi-ld:null"}}})").ok());
  EXPECT_FALSE(fragment(R"({"a":{"value":{"country":"urn:ngsi-ld:null"}}})", Kind::update).ok());
  EXPECT_FALSE(fragment(R"({"a":"urn:ngsi-ld:null"})", Kind::append).ok());
}

TEST_F(Parse, FragmentsMayLeaveTheValueUnsaid) {
  const auto merged = fragment(R"({"a":{"observedAt":"2026-11-22T08:00:00Z"}})");
  ASSERT_TRUE(merged.ok()) << merged.error().text();
  EXPECT_TRUE(twin::is_unstated(merged->attributes[0].value));
  ChangeForm form;
  form.kind = Kind::patch_attribute;
  form.entity_id = "urn:a";
  const auto body = Body::read(R"({"unitCode":"MTR","@context":"urn:c"})");
  const auto patch = parse_attribute_change(*body, "height", form, *core, terms);
  ASSERT_TRUE(patch.ok()) << patch.error().text();
  EXPECT_TRUE(twin::is_unstated(patch->attributes[0].value));
  EXPECT_EQ(terms.text(patch->attributes[0].unit), "MTR");
  EXPECT_EQ(terms.text(patch->attribute_name), "https://uri.etsi.org/ngsi-ld/default-context/height");
  form.kind = Kind::replace_attribute;
  EXPECT_FALSE(parse_attribute_change(*body, "height", form, *core, terms).ok());
}

TEST_F(Parse, SimplifiedValuesTakeTheKindThatIsThereOrThatTheContextSays) {
  ChangeForm form;
  form.simplified = true;
  base::ManualClock clock(base::Instant::from_seconds(0));
  ContextSource source({}, {}, clock);
  const auto context = source.from_json(
      R"({"owner":{"@id":"https://e.org/owner","@type":"@id"},"state":{"@id":"https://e.org/state","@type":"@vocab"}})");
  const auto change =
      change_of(R"({"id":"urn:a","type":"T","owner":"urn:p:1","state":"Open","name":{"languageMap":{"ko":"잠실"}},
                                    "several":{"dataset":{"@none":1,"urn:d:1":2}},"list":[{"value":1}]})",
                **context, terms, form);
  ASSERT_TRUE(change.ok()) << change.error().text();
  EXPECT_EQ(change->attributes[0].kind, AttributeKind::relationship);
  EXPECT_EQ(change->attributes[1].kind, AttributeKind::vocab_property);
  EXPECT_EQ(change->attributes[2].kind, AttributeKind::language_property);
  EXPECT_EQ(terms.text(change->attributes[4].dataset), "urn:d:1");
  EXPECT_EQ(change->attributes[5].kind, AttributeKind::property);
  form.present = testing::record_of(*change);
  form.kind = Kind::merge;
  form.language = "en";
  const auto merged =
      change_of(R"({"id":"urn:a","https://e.org/owner":"urn:p:2","name":"Jamsil"})", *core, terms, form);
  ASSERT_TRUE(merged.ok()) << merged.error().text();
  EXPECT_EQ(merged->attributes[0].kind, AttributeKind::relationship);
  EXPECT_EQ(merged->attributes[1].value, twin::Value(twin::Json{R"({"en":"Jamsil"})"}));
}

TEST_F(Parse, BadDocumentsAreRefusedQuickly) {
  const std::clock_t start = std::clock();
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += R"({"a":)";
  deep += '1' + std::string(100'000, '}');
  EXPECT_EQ(Body::read(deep).error().code, base::Code::too_complex);
  EXPECT_EQ(Body::read("{\"a\":\"\xff\"}").error().what, "the text is not valid UTF-8");
  for (const char* bad : {"", "{", "nul", "{\"a\":NaN}", "{\"a\":1e999}", "{\"a\":Infinity}",
                          "{\"a\":123456789012345678901234567890}", "{} {}"}) {
    const auto body = Body::read(bad);
    ASSERT_FALSE(body.ok()) << bad;
    EXPECT_EQ(body_problem_of(body.error()), ProblemType::invalid_request);
  }
  std::string polygon = R"({"id":"urn:a","type":"T","location":{"type":"Polygon","coordinates":[[)";
  for (int i = 0; i < 5'000'000; ++i) polygon += i == 0 ? "[1,2]" : ",[1,2]";
  const auto large = read(polygon + "]]}}");
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().code, base::Code::too_large);
  // Of this process's own time: the machine may be busy with others.
  EXPECT_LT((std::clock() - start) / CLOCKS_PER_SEC, 30);
}

TEST_F(Parse, NumbersAreOneNumber) {
  EXPECT_EQ(attribute("5.0")->attributes[0].value, twin::Value(int64_t{5}));
  EXPECT_EQ(attribute("5e0")->attributes[0].value, twin::Value(int64_t{5}));
  EXPECT_EQ(attribute("-0.5")->attributes[0].value, twin::Value(-0.5));
  EXPECT_EQ(attribute("9007199254740992")->attributes[0].value, twin::Value(int64_t{9007199254740992}));
  EXPECT_EQ(attribute("18446744073709551615")->attributes[0].value, twin::Value(18446744073709551615.0));
  EXPECT_EQ(attribute("-9223372036854775808")->attributes[0].value, twin::Value(-9223372036854775808.0));
}

TEST_F(Parse, IdsOfABatchAreUris) {
  EXPECT_EQ(parse_ids(*Body::read(R"(["urn:a","urn:b"])"))->size(), 2u);
  EXPECT_EQ(parse_ids(*Body::read(R"(["urn:a",1])")).error().where, "[1]");
  EXPECT_FALSE(parse_ids(*Body::read("[]")).ok());
  EXPECT_FALSE(parse_ids(*Body::read("{}")).ok());
}

TEST(Problem, IsJsonWhateverTheClientSent) {
  const std::string json = problem_json(ProblemType::bad_request_data,
                                        base::fail(base::Code::invalid, "not \xEC\x9E", "a\xff.잠실", "\"try\""), 400);
  EXPECT_TRUE(Body::read(json).ok()) << json;
  EXPECT_NE(json.find("a?.잠실"), std::string::npos) << json;
  EXPECT_NE(json.find("https://uri.etsi.org/ngsi-ld/errors/BadRequestData"), std::string::npos);
}

TEST(Syntax, NamesUrisScopesAndLanguages) {
  for (const char* name : {"a", "aB_1", "높이", "고도_m", "prefix:name", "https://e.org/a-b"})
    EXPECT_TRUE(is_name(name)) << name;
  for (const char* name : {"", "1a", "_a", "a b", "a-b", "a<b", "a.b", "(a)"}) EXPECT_FALSE(is_name(name)) << name;
  for (const char* uri : {"urn:x", "http://e.org/a?b#c", "urn:ngsi-ld:건물:1"}) EXPECT_TRUE(is_uri(uri)) << uri;
  for (const char* uri : {"", "a", ":a", "a:", "1a:b", "a b:c", "urn:a b", "urn:<a>"}) EXPECT_FALSE(is_uri(uri)) << uri;
  for (const char* scope : {"/Madrid", "Madrid", "/서울/송파", "/A/B_1"}) EXPECT_TRUE(is_scope(scope)) << scope;
  for (const char* scope : {"", "/", "/A/", "//A", "/A B", "/+"}) EXPECT_FALSE(is_scope(scope)) << scope;
  for (const char* tag : {"ko", "en-GB", "zh-Hans-CN", "@none"}) EXPECT_TRUE(is_language(tag)) << tag;
  for (const char* tag : {"", "k o", "-ko", "ko-", "toolonglanguage"}) EXPECT_FALSE(is_language(tag)) << tag;
}

}  // namespace
}  // namespace cityloom::ngsi

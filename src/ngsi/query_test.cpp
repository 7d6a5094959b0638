#include "ngsi/query.hpp"

#include <gtest/gtest.h>

#include <random>

#include "ngsi/golden_test.hpp"

namespace cityloom::ngsi {
namespace {

using twin::Comparator;
using twin::Condition;

struct QueryTest : ::testing::Test {
  twin::TermTable terms;
  ContextPointer core = Context::core();

  twin::EntityRecord record(const std::string& json) {
    const auto change = testing::change_of(json, *core, terms);
    EXPECT_TRUE(change.ok()) << change.error().text();
    return testing::record_of(*change);
  }
  base::Result<Condition> condition(const std::string& q) { return parse_condition(q, *core, terms); }
};

TEST_F(QueryTest, EveryExampleOfTheStandardIsRead) {
  for (const char* q : {"temperature",
                        "temperature==20",
                        "brandName!=\"Mercedes\"",
                        "isParked==\"urn:ngsi-ld:OffStreetParking:Downtown1\"",
                        "isParked==urn:ngsi-ld:OffStreetParking:Downtown1",
                        "speed>50;brandName!=\"Mercedes\"",
                        "((speed>50|rpm>3000);brandName==\"Mercedes\")",
                        "(temperature>=20;temperature<=25)|capacity<=10",
                        "temperature.observedAt>=2017-12-24T12:00:00Z",
                        "address[city]==\"Berlin\"",
                        "sensor.rawdata[airquality.particulate]==40",
                        "color==\"black\",\"red\"",
                        "temperature==10..20",
                        "color[en]==\"red\"",
                        "color[*]!=\"red\"",
                        "color==http://example.com/red,http://example.com/black",
                        "date==2017-12-24..2018-01-01",
                        "time>=12:00:00Z",
                        "name~=\"^Mer\"",
                        "name!~=Mer(a|b)",
                        "open==true",
                        "높이>=3",
                        "sensor{humidity}==40",
                        "sensor{Device:humidity}==40",
                        "sensor{Device,Gauge:maker{Firm:address[city]}}==\"Berlin\"",
                        "a{b}|(c{d.unitCode}~=x;e)",
                        "a{urn:b:c}!=1..2",
                        "a==-1.5e3,2,\"x\\\"y\""}) {
    const auto read = condition(q);
    EXPECT_TRUE(read.ok()) << q << ": " << read.error().text();
  }
}

TEST_F(QueryTest, LinksAreWrittenBack) {
  for (const char* q : {"sensor{humidity}==40", "a{T,U:b{V:c[x.y]}}~=\"z\"", "a{b};(c{d}|e)", "a{urn:b:c}!=1..2"}) {
    const auto read = condition(q);
    ASSERT_TRUE(read.ok()) << q;
    EXPECT_EQ(text_of(*read), q);
  }
  for (const char* type : {"T", "U"})
    ASSERT_TRUE(terms.intern(core->expand_type(type)).ok());  // what nobody wrote is all the same unknown
  EXPECT_FALSE(same_condition(*condition("a{T:b}"), *condition("a{U:b}")));
  EXPECT_FALSE(same_condition(*condition("a{b}"), *condition("c{b}")));
  EXPECT_EQ(twin::links_of(*condition("a;(b{c}|d{e{f}})")), 2u);
}

// Only as many entities are looked up as the limit says, and that is told.
TEST_F(QueryTest, LinkedEntitiesAreLookedUpWithinALimit) {
  const auto linking = record(R"({"id":"urn:l","type":"L","to":{"type":"Relationship","object":["urn:a","urn:b"]}})");
  const auto named = record(R"({"id":"urn:b","type":"T","name":{"type":"Property","value":1}})");
  const auto read = condition("to{T:name}==1");
  ASSERT_TRUE(read.ok());
  twin::Linked linked;
  linked.find = [&](std::string_view id) -> base::Result<twin::EntityRecord> {
    return id == "urn:b" ? named : twin::EntityRecord();
  };
  EXPECT_TRUE(twin::satisfies(linking, *read, &linked));
  EXPECT_FALSE(twin::satisfies(linking, *read)) << "nobody looks anything up";
  EXPECT_FALSE(twin::satisfies(linking, *condition("to{U:name}==1"), &linked)) << "of another type";
  EXPECT_TRUE(linked.status.ok());
  linked.left = 1;
  EXPECT_FALSE(twin::satisfies(linking, *read, &linked));
  EXPECT_EQ(linked.status.error().code, base::Code::too_complex);
}

TEST_F(QueryTest, MistakesAreSaidWithTheirPosition) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "q, character 1"},          {"a==", "q, character 4"},         {"a=1", "q, character 2"},
      {"a==1;", "q, character 6"},     {"(a==1", "q, character 6"},       {"a==1)", "q, character 5"},
      {"a==\"x", "q, character 4"},    {"a==1x", "q, character 4"},       {"a>true", "q, character 3"},
      {"a>1,2", "q, character 4"},     {"a==1..\"x\"", "q, character 4"}, {"a[x", "q, character 3"},
      {"a[]==1", "q, character 3"},    {"1a==1", "q, character 1"},       {"a..b==1", "q, character 3"},
      {"a==1 b==2", "q, character 4"}, {"a>=1..2", "q, character 4"},
  };
  for (const auto& [q, where] : cases) {
    const auto read = condition(q);
    ASSERT_FALSE(read.ok()) << q;
    EXPECT_EQ(read.error().where, where) << q << ": " << read.error().what;
  }
  EXPECT_FALSE(condition("a==urn:\xff").ok());
  for (const char* q :
       {"a{b==1", "a{}==1", "a{b}}==1", "a.b{c}==1", "a[b]{c}==1", "a{T:}", "a{T,:b}", "a{1:b}", "a{b}c"}) {
    EXPECT_EQ(condition(q).error().code, base::Code::invalid) << q;
  }
  std::string deep = "a";
  for (int i = 0; i < 11; ++i) deep += "{a";
  EXPECT_EQ(condition(deep).error().code, base::Code::too_complex);
  EXPECT_EQ(condition(std::string(40, '(') + "a" + std::string(40, ')')).error().code, base::Code::too_complex);
  EXPECT_EQ(condition(std::string(100'000, '(')).error().code, base::Code::too_complex);
  EXPECT_EQ(condition("a~=\"(\"").error().code, base::Code::invalid);
}

TEST_F(QueryTest, AndBindsCloserThanOr) {
  const auto read = condition("a==1|b==2;c==3");
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->kind, Condition::Kind::any);
  ASSERT_EQ(read->children.size(), 2u);
  EXPECT_EQ(read->children[1].kind, Condition::Kind::all);
}

TEST_F(QueryTest, MatchesWhatTheStandardSays) {
  const twin::EntityRecord entity = record(
      R"({"id":"urn:a","type":"T","n":5,"s":"red","b":false,"tags":["blue","red"],"address":{"city":"Berlin","geo":{"x":1}},
          "name":{"languageMap":{"en":"Tower","ko":["타워","탑"]}},"at":{"object":"urn:x:y"},"to":{"object":["urn:x:y","urn:x:z"]},
          "state":{"vocab":"Open"},"t":{"value":20,"observedAt":"2026-11-22T08:00:00Z","accuracy":{"value":0.5}},"when":"2026-11-22T08:00:00Z"})");
  for (const char* q : {"n==5",
                        "n!=6",
                        "n>4;n<6",
                        "n==1..5",
                        "n==1,5",
                        "s==\"red\"",
                        "s!=\"blue\"",
                        "s~=\"^r\"",
                        "s!~=\"^b\"",
                        "b==false",
                        "tags==\"red\"",
                        "address[city]==\"Berlin\"",
                        "address[geo.x]==1",
                        "name[en]==\"Tower\"",
                        "name[ko]==\"탑\"",
                        "name[*]==\"Tower\"",
                        "at==urn:x:y",
                        "to==\"urn:x:z\"",
                        "t.observedAt>=2026-11-22T08:00:00Z",
                        "t.accuracy<1",
                        "when<2026-11-23T00:00:00Z",
                        "t.observedAt",
                        "n|nothing",
                        "createdAt==2026-11-22T08:00:00Z"}) {
    const auto read = condition(q);
    ASSERT_TRUE(read.ok()) << q << read.error().text();
    EXPECT_TRUE(twin::satisfies(entity, *read)) << q;
  }
  for (const char* q : {"n==6", "n==\"5\"", "n>5", "n==6..9", "nothing", "nothing!=1", "s==5", "tags==\"green\"",
                        "address[city]==\"Paris\"", "address[none]", "name[en]==\"탑\"", "at==urn:x:z", "n~=\"5\"",
                        "t.none", "t.observedAt<2026-11-22T08:00:00Z"}) {
    const auto read = condition(q);
    ASSERT_TRUE(read.ok()) << q << read.error().text();
    EXPECT_FALSE(twin::satisfies(entity, *read)) << q;
  }
  const auto expanded = parse_condition("state==Open", *core, terms, {"state"});
  ASSERT_TRUE(expanded.ok()) << expanded.error().text();
  EXPECT_TRUE(twin::satisfies(entity, *expanded));
}

// Trees of every shape, written and read again.
struct Trees {
  std::mt19937 random{11};
  int pick(int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); }

  twin::Literal literal(int kind) {
    if (kind == 0) return static_cast<double>(pick(2'000'001) - 1'000'000) / (1 << pick(8));
    if (kind == 1) return base::Instant{int64_t{1'700'000'000'000'000} + pick(1'000'000'000) * int64_t{1'001}};
    std::string text;
    for (int n = pick(6); n > 0; --n) text += std::string_view("a\"\\;|(),.한 ~=")[static_cast<size_t>(pick(12))];
    // Half a Hangul syllable is no text.
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    return text + "ü";
  }
  twin::AttributePath path(const twin::TermTable& terms, const Context& context) {
    const char* names[] = {"a", "temperature", "높이", "https://e.org/a.b#c", "schema:x"};
    twin::AttributePath path;
    path.text = names[pick(5)];
    path.name = terms.find(context.expand(path.text));
    for (int n = pick(3); n > 0; --n) {
      const std::string member = names[pick(3)];
      if (path.text.starts_with("https:")) break;
      path.text += '.' + member;
      path.members.push_back(terms.find(context.expand(member)));
    }
    if (pick(4) == 0) {
      path.text += "[x y.ko]";
      path.json_path = {"x y", "ko"};
    }
    return path;
  }
  Condition comparison(const twin::TermTable& terms, const Context& context) {
    Condition condition;
    twin::Comparison& made = condition.comparison;
    made.path = path(terms, context);
    if (pick(6) == 0) return condition;
    made.comparator = static_cast<Comparator>(pick(8));
    if (*made.comparator == Comparator::matches || *made.comparator == Comparator::not_matches) {
      made.pattern = *twin::make_pattern(pick(2) == 0 ? "^a.*(b|c);\\d+$" : "\"x\"");
      return condition;
    }
    const bool equality = *made.comparator == Comparator::equal || *made.comparator == Comparator::not_equal;
    for (int n = equality ? 1 + pick(3) : 1; n > 0; --n) {
      const int kind = pick(3);
      if (equality && pick(4) == 0) {
        made.operands.emplace_back(twin::LiteralRange{literal(kind), literal(kind)});
      } else if (equality && pick(6) == 0) {
        made.operands.emplace_back(twin::Literal(pick(2) == 0));
      } else {
        made.operands.emplace_back(literal(kind));
      }
    }
    return condition;
  }
  Condition tree(const twin::TermTable& terms, const Context& context, int depth) {
    if (depth == 0 || pick(3) == 0) return comparison(terms, context);
    Condition condition;
    condition.kind = pick(2) == 0 ? Condition::Kind::all : Condition::Kind::any;
    for (int n = 2 + pick(2); n > 0; --n) condition.children.push_back(tree(terms, context, depth - 1));
    return condition;
  }
};

TEST_F(QueryTest, ATreeWrittenAndReadIsTheSameTree) {
  (void)terms.intern(core->expand("a"));
  (void)terms.intern(core->expand("높이"));
  Trees trees;
  for (int i = 0; i < 2'000; ++i) {
    const Condition made = trees.tree(terms, *core, 4);
    const std::string q = text_of(made);
    const auto read = condition(q);
    ASSERT_TRUE(read.ok()) << q << ": " << read.error().text();
    ASSERT_TRUE(same_condition(*read, made)) << q << " became " << text_of(*read);
  }
}

TEST_F(QueryTest, TypeSelections) {
  const twin::Term a = *terms.intern(core->expand("A"));
  const twin::Term b = *terms.intern(core->expand("B"));
  const twin::Term c = *terms.intern(core->expand("C"));
  using All = std::vector<std::vector<twin::Term>>;
  EXPECT_EQ(parse_type_selection("A", *core, terms)->any_of, (All{{a}}));
  EXPECT_EQ(parse_type_selection("A,B|C", *core, terms)->any_of, (All{{a}, {b}, {c}}));
  EXPECT_EQ(parse_type_selection("(A;B),C", *core, terms)->any_of, (All{{a, b}, {c}}));
  EXPECT_EQ(parse_type_selection("(A|B);C", *core, terms)->any_of, (All{{a, c}, {b, c}}));
  EXPECT_EQ(parse_type_selection("Never", *core, terms)->any_of, (All{{twin::Term::unknown()}}));
  EXPECT_TRUE(parse_type_selection("*", *core, terms)->any_of.empty());
  for (const char* bad : {"", "A,", "(A", "A)", "A;;B", "A B", "()"})
    EXPECT_FALSE(parse_type_selection(bad, *core, terms).ok()) << bad;
  std::string explosion = "(A|B)";
  for (int i = 0; i < 30; ++i) explosion += ";(A|B)";
  EXPECT_EQ(parse_type_selection(explosion, *core, terms).error().code, base::Code::too_complex);
}

TEST_F(QueryTest, ScopeQueriesAndProjections) {
  EXPECT_EQ(*parse_scope_query("/Madrid,/Seoul/+/Parks|/A/#"),
            (std::vector<std::string>{"/Madrid", "/Seoul/+/Parks", "/A/#"}));
  EXPECT_EQ(*parse_scope_query("(/Madrid/Districts;/CompanyA)|CompanyB"),
            (std::vector<std::string>{"/Madrid/Districts;/CompanyA", "CompanyB"}));
  EXPECT_EQ(*parse_scope_query("/#"), (std::vector<std::string>{"/#"}));
  for (const char* bad : {"", "/", "/A//B", "/A/#/B", "/A B", "a:b"}) EXPECT_FALSE(parse_scope_query(bad).ok()) << bad;
  const auto picked = parse_projection({}, "id,temperature|scope", {}, *core, terms);
  ASSERT_TRUE(picked.ok());
  EXPECT_TRUE(picked->keeps_id && !picked->keeps_type && picked->keeps_scope && picked->pick_given);
  EXPECT_TRUE(parse_projection("a", {}, {}, *core, terms)->keeps_type);
  EXPECT_FALSE(parse_projection("a", "b", {}, *core, terms).ok());
  EXPECT_FALSE(parse_projection({}, "a{b}", {}, *core, terms).ok());
  EXPECT_FALSE(parse_projection("", {}, {}, *core, terms).ok());
}

TEST_F(QueryTest, ProjectionsOfLinkedEntities) {
  const auto read = [&](const char* pick, const char* omit, unsigned links_max) {
    const auto given = [](const char* text) { return *text != 0 ? std::optional<std::string>(text) : std::nullopt; };
    return parse_projection({}, given(pick), given(omit), *core, terms, links_max);
  };
  const auto term = [&](const char* text) { return *terms.intern(core->expand(text)); };
  const twin::Term in_city = term("inCity"), owner = term("owner"), name = term("name");
  const auto both = read("id,inCity{id,name|owner{type}},name", "inCity{owner{name}}", 2);
  ASSERT_TRUE(both.ok()) << both.error().text();
  EXPECT_EQ(both->depth(), 2u);
  EXPECT_TRUE(both->writes(in_city) && both->writes(name) && !both->writes(owner));
  const Projection* city = both->of_link(in_city);
  ASSERT_NE(city, nullptr);
  EXPECT_TRUE(city->keeps_id && !city->keeps_type && city->writes(name) && city->writes(owner));
  const Projection* person = city->of_link(owner);
  ASSERT_NE(person, nullptr);
  EXPECT_TRUE(person->keeps_type && !person->keeps_id && !person->writes(name));
  EXPECT_EQ(both->of_link(name), nullptr);
  const auto without = read("", "inCity{name}", 1);
  ASSERT_TRUE(without.ok());
  EXPECT_TRUE(without->writes(in_city)) << "only of the linked entity something is left out";
  EXPECT_FALSE(without->of_link(in_city)->writes(name));
  EXPECT_TRUE(without->of_link(in_city)->writes(owner));
  for (const char* bad : {"a{", "a{}", "a{b", "a{b}}", "a{b}c", "{b}", "a{b,}", "id{a}", "a{b{c{d}}}", "a{b},,c"})
    EXPECT_EQ(read(bad, "", 2).error().code, base::Code::invalid) << bad;
  EXPECT_FALSE(read("inCity{name}", "inCity{name}", 1).ok()) << "picked and left out";
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "a{";
  EXPECT_FALSE(read(deep.c_str(), "", 10).ok());
}

TEST_F(QueryTest, GeoQueries) {
  QueryParameters parameters;
  parameters.georel = "near;maxDistance==2000";
  parameters.geometry = "Point";
  parameters.coordinates = "[127.1,37.5]";
  const auto near = parse_geo_query(parameters, *core, terms);
  ASSERT_TRUE(near.ok()) << near.error().text();
  EXPECT_EQ(near->distance_max_m, 2000);
  EXPECT_EQ(near->property, twin::terms::location);
  parameters.georel = "near;minDistance==10.5";
  EXPECT_EQ(parse_geo_query(parameters, *core, terms)->distance_min_m, 10.5);
  for (const char* bad : {"near", "near;maxDistance=2", "near;maxDistance==-2", "near;maxDistance==x", "beside",
                          "near;", "near;minDistance==10;maxDistance==20.5"}) {
    parameters.georel = bad;
    EXPECT_FALSE(parse_geo_query(parameters, *core, terms).ok()) << bad;
  }
  parameters.georel = "within";
  parameters.geometry = "Polygon";
  for (const char* bad : {"[1,2]", "nonsense", "[[[0,0],[1,0],[1,1],[0,0]]],\"x\":1", "[[[0,0],[1,0],[0,0]]]"}) {
    parameters.coordinates = bad;
    EXPECT_FALSE(parse_geo_query(parameters, *core, terms).ok()) << bad;
  }
  parameters.coordinates.reset();
  EXPECT_EQ(parse_geo_query(parameters, *core, terms).error().where, "coordinates");
}

TEST_F(QueryTest, AQueryByPost) {
  const auto body = Body::read(
      R"({"type":"Query","entities":[{"type":"A"},{"type":"B"},{"type":"A","id":["urn:1","urn:2"]},{"type":"A","id":"urn:3"}],
      "q":"a>1","attrs":["a","b"],"geoQ":{"georel":"near;maxDistance==5","geometry":"Point","coordinates":[1,2]},"lang":"ko","datasetId":["@none"],
      "temporalQ":{"timerel":"between","timeAt":"2026-11-22T08:00:00Z","endTimeAt":"2026-11-22T09:00:00Z","lastN":5}})");
  const auto query = parse_query_body(*body, *core, terms);
  ASSERT_TRUE(query.ok()) << query.error().text();
  ASSERT_EQ(query->any_of.size(), 2u);
  EXPECT_EQ(query->any_of[0].types.any_of.size(), 2u);
  EXPECT_EQ(query->any_of[1].ids.size(), 3u);
  EXPECT_TRUE(query->any_of[1].geo && query->any_of[1].condition && query->any_of[1].attributes.size() == 2);
  EXPECT_TRUE(query->has_temporal && query->language == "ko" && query->dataset_ids.size() == 1);
  const auto history = parse_temporal_body(*body);
  ASSERT_TRUE(history.ok()) << history.error().text();
  EXPECT_EQ(history->last_n, 5u);
  EXPECT_EQ(history->window.to.text(), "2026-11-22T09:00:00Z");
  for (const char* bad : {"[]", "{}", R"({"type":"Query","entities":[]})",
                          R"({"type":"Query","entities":[{"id":"urn:1"}]})", R"({"type":"Query","attrs":[]})",
                          R"({"type":"Query","q":5})", R"({"type":"Query","geoQ":{"georel":"within"}})"}) {
    EXPECT_FALSE(parse_query_body(*Body::read(bad), *core, terms).ok()) << bad;
  }
}

TEST_F(QueryTest, TemporalParameters) {
  EXPECT_TRUE(parse_temporal({}).ok());
  EXPECT_EQ(parse_temporal({"after", "2026-11-22T08:00:00Z", {}, "modifiedAt", "3"})->window.property,
            thread::TimeProperty::modified_at);
  for (const TemporalParameters& bad :
       {TemporalParameters{"around", "2026-11-22T08:00:00Z", {}, {}, {}}, TemporalParameters{"after", {}, {}, {}, {}},
        TemporalParameters{"between", "2026-11-22T08:00:00Z", {}, {}, {}},
        TemporalParameters{"after", "today", {}, {}, {}}, TemporalParameters{{}, "2026-11-22T08:00:00Z", {}, {}, {}},
        TemporalParameters{{}, {}, {}, "sometimes", {}}, TemporalParameters{{}, {}, {}, {}, "0"},
        TemporalParameters{{}, {}, {}, {}, "-1"}}) {
    EXPECT_FALSE(parse_temporal(bad).ok());
  }
}

TEST_F(QueryTest, AskingInternsNothing) {
  const uint32_t before = terms.last();
  QueryParameters parameters;
  parameters.type = "Unheard";
  parameters.q = "never.seen==1";
  parameters.attrs = "nothing";
  ASSERT_TRUE(parse_query(parameters, *core, terms).ok());
  EXPECT_EQ(terms.last(), before);
}

}  // namespace
}  // namespace cityloom::ngsi

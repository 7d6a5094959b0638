#include "link/definition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "link/testing.hpp"

namespace cityloom::link {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

base::Error error_of(const std::string& yaml) {
  auto links = parse_links(yaml, "city.yaml");
  EXPECT_FALSE(links.ok()) << yaml;
  return links.ok() ? base::Error{} : links.error();
}

TEST(Definition, ReadsAnMqttLink) {
  const auto links = parse_links(R"(
listen: {port: 1}
links:
  - name: air
    label: {ko: 공기, en: air}
    kind: mqtt
    host: broker.example
    ca_file: ca.pem
    mailbox: 500
    mappings:
      - topic: ["a/{id}/x", "b/#"]
        entity: {id: "urn:x:{id}", type: T}
        attributes: {v: v}
      - topic: c/{more*}
        entity: {id: "urn:y:{more}", type: U}
        attributes: {w: w}
)",
                                 "city.yaml");
  ASSERT_TRUE(links.ok()) << links.error().text();
  const LinkDefinition& link = links->at(0);
  EXPECT_EQ(link.kind(), "mqtt");
  EXPECT_EQ(link.label.at("ko"), "공기");
  EXPECT_EQ(link.mailbox_capacity, 500u);
  const auto& source = std::get<MqttSource>(link.source);
  EXPECT_EQ(source.host, "broker.example");
  EXPECT_EQ(source.port, 8'883);
  EXPECT_EQ(source.client_id, "cityloom-air");
  EXPECT_THAT(source.filters, ElementsAre("a/+/x", "b/#", "c/#"));
  EXPECT_EQ(link.mappings.size(), 2u);
}

TEST(Definition, SaysWhereAMistakeIsAndWhatToDo) {
  const base::Error unknown = error_of(
      "links:\n  - name: a\n    kind: push\n    mapping:\n      entity: {id: \"urn:x:1\", type: T}\n"
      "      attributes: {v: {from: v, untis: GQ}}\n");
  EXPECT_THAT(unknown.text(), HasSubstr("the attribute 'v' has no key 'untis'"));
  EXPECT_EQ(unknown.where, "city.yaml:6:33");
  EXPECT_THAT(unknown.remedy, HasSubstr("unit"));

  const base::Error syntax = error_of("links:\n  - name: [a\n");
  EXPECT_THAT(syntax.text(), HasSubstr("not YAML"));
  EXPECT_THAT(syntax.where, HasSubstr("city.yaml:"));
}

TEST(Definition, RefusesWhatCannotWork) {
  const auto of_mapping = [](const std::string& mapping) {
    return error_of("links:\n  - {name: a, kind: push, mapping: " + mapping + "}\n").text();
  };
  EXPECT_THAT(of_mapping("{attributes: {v: v}}"), HasSubstr("needs the key 'entity'"));
  EXPECT_THAT(of_mapping("{entity: {id: \"{v}\", type: T}, attributes: {v: v}}"), HasSubstr("an entity id is a URI"));
  EXPECT_THAT(of_mapping("{entity: {id: \"urn:{v\", type: T}, attributes: {v: v}}"), HasSubstr("braces"));
  EXPECT_THAT(of_mapping("{entity: {id: urn:x, type: T}}"), HasSubstr("attributes"));
  EXPECT_THAT(of_mapping("{entity: {id: urn:x}, attributes: {v: v}}"), HasSubstr("type"));
  EXPECT_THAT(of_mapping("{entity: {id: urn:x, type: T}, attributes: {v: {from: v, value: 1}}}"),
              HasSubstr("one source"));
  EXPECT_THAT(of_mapping("{entity: {id: urn:x, type: T}, attributes: {v: {longitude: v}}}"), HasSubstr("go together"));
  EXPECT_THAT(of_mapping("{entity: {id: urn:x, type: T}, attributes: {v: {from: \"a..b\"}}}"), HasSubstr("path"));
  EXPECT_THAT(of_mapping("{entity: {id: urn:x, type: T}, attributes: {v: {from: v, given_in: mph, unit: CEL}}}"),
              HasSubstr("do not measure the same"));
  EXPECT_THAT(of_mapping("{entity: {id: urn:x, type: T}, attributes: {v: {from: v, given_in: furlong, unit: CEL}}}"),
              HasSubstr("no conversion"));
  EXPECT_THAT(of_mapping("{entity: {id: urn:x, type: T}, attributes: {v: {from: v, kind: Propety}}}"),
              HasSubstr("kind"));
  EXPECT_THAT(
      of_mapping(
          "{entity: {id: urn:x, type: T}, observed_at: {from: t, format: \"%Y %Q\", zone: UTC}, attributes: {v: v}}"),
      HasSubstr("unknown after '%'"));
  EXPECT_THAT(of_mapping("{entity: {id: urn:x, type: T}, observed_at: {from: t, format: \"%Y\"}, attributes: {v: v}}"),
              HasSubstr("zone"));
  EXPECT_THAT(of_mapping("{entity: {id: urn:x, type: T}, attributes: {v: [a, b]}}"), HasSubstr("twice"));
  EXPECT_THAT(of_mapping("{entity: {id: urn:x, type: T}, attributes: {unitCode: v}}"), HasSubstr("word of NGSI-LD"));
  EXPECT_THAT(of_mapping("{topic: \"a/#/b\", entity: {id: urn:x, type: T}, attributes: {v: v}}"),
              HasSubstr("end of a topic"));
}

TEST(Definition, RefusesLinksThatCannotBeToldApart) {
  const std::string one = "  - {name: a, kind: push, mapping: {entity: {id: urn:x, type: T}, attributes: {v: v}}}\n";
  EXPECT_THAT(error_of("links:\n" + one + one).text(), HasSubstr("taken by the link at city.yaml:2"));
  EXPECT_THAT(error_of("links:\n  - {name: a b, kind: push}\n").text(), HasSubstr("no name for a link"));
  EXPECT_THAT(error_of("links:\n  - {name: a, kind: carrier-pigeon}\n").text(), HasSubstr("use mqtt, replay or push"));
  EXPECT_THAT(error_of("links: 5\n").text(), HasSubstr("list"));
}

TEST(Definition, AnEmptyFileHasNoLinks) {
  EXPECT_TRUE(parse_links("", "x").ok());
  EXPECT_TRUE(parse_links("city: {}\n", "x")->empty());
  EXPECT_EQ(read_links("/nowhere/x.yaml").error().code, base::Code::not_found);
}

TEST(Definition, ReadsThePacksOfTheProject) {
  const auto packs = read_packs(std::string(CITYLOOM_SOURCE_DIR) + "/packs");
  ASSERT_TRUE(packs.ok()) << packs.error().text();
  std::vector<std::string> names;
  for (const Pack& pack : *packs) {
    names.push_back(pack.name);
    EXPECT_FALSE(pack.label.at("ko").empty());
    EXPECT_FALSE(pack.label.at("en").empty());
  }
  EXPECT_THAT(names, ::testing::IsSupersetOf({"los-angeles-speed", "seoul-air"}));
}

}  // namespace
}  // namespace cityloom::link

// What a source no longer says ends, what others said stays; names and ids out of any text.
#include "space/entity_statement.hpp"

#include <gtest/gtest.h>

#include "space/import_options.hpp"
#include "space/testing/memory_sink.hpp"

namespace cityloom::space {
namespace {

using testing::MemorySink;
using twin::Value;

// One file of one entity with these texts.
ImportReport state(MemorySink& sink, const std::string& source,
                   const std::vector<std::pair<std::string, std::string>>& texts) {
  const auto vocabulary = Vocabulary::intern(sink.terms());
  const ImportOptions options;
  ImportBatch batch(sink, *vocabulary, options);
  EXPECT_TRUE(batch.begin_file(source, source).ok());
  EntityStatement statement(batch, "Pipe", "7", "feature 7");
  for (const auto& [name, text] : texts) statement.text(name, text);
  EXPECT_TRUE(statement.finish().ok());
  EXPECT_TRUE(batch.end_file().ok());
  return batch.finish();
}

const std::string id = "urn:ngsi-ld:Pipe:7";

TEST(EntityStatement, WhatTheSourceNoLongerSaysEndsAndWhatOthersSaidStays) {
  MemorySink sink;
  state(sink, "a.csv", {{"owner", "서울시"}, {"note", "old"}, {"a longer name", "x"}});
  thread::Change other;
  other.kind = thread::Change::Kind::append;
  other.entity_id = id;
  other.attributes.emplace_back().name = sink.terms().intern("https://example.org/pressure").value();
  other.attributes[0].value = int64_t{4};
  ASSERT_TRUE(sink.append({other})->at(0).ok());
  const uint64_t facts = sink.facts_count;
  EXPECT_EQ(state(sink, "a.csv", {{"owner", "서울시"}, {"note", "old"}, {"a longer name", "x"}}).unchanged, 1u);
  EXPECT_EQ(sink.facts_count, facts);
  state(sink, "a.csv", {{"owner", "서울시"}, {"colour", "red"}});
  EXPECT_EQ(sink.facts_count - facts, 3u) << "colour set, note and the longer name ended";
  EXPECT_EQ(sink.attribute(id, "note"), nullptr);
  EXPECT_EQ(sink.value(id, "owner"), Value(std::string("서울시")));
  EXPECT_NE(sink.entities.at(id).find(other.attributes[0].name), nullptr);
}

TEST(EntityStatement, ASourceWhoseNameBeginsAlikeIsAnother) {
  MemorySink sink;
  state(sink, "a", {{"owner", "x"}});
  const auto provided_by = sink.term("providedBy");
  EXPECT_EQ(stated_by(sink.entities.at(id).attributes, provided_by, "a").size(), 1u);
  EXPECT_EQ(stated_by(sink.entities.at(id).attributes, provided_by, "a f").size(), 0u);
  EXPECT_EQ(stated_by(sink.entities.at(id).attributes, provided_by, "b").size(), 0u);
}

TEST(EntityStatement, NamesOfPropertiesBecomeNamesOfAttributes) {
  EXPECT_EQ(attribute_name_of("관경(mm)"), "관경_mm");
  EXPECT_EQ(attribute_name_of("addr:street"), "addr_street");
  EXPECT_EQ(attribute_name_of("2018"), "n2018");
  EXPECT_EQ(attribute_name_of("type"), "type_");
  EXPECT_EQ(attribute_name_of("__id"), "id_");
  EXPECT_EQ(attribute_name_of(" \t\n"), "");
  EXPECT_LE(attribute_name_of(std::string(100'000, 'a')).size(), 200u);
}

TEST(EntityStatement, PartsOfIds) {
  EXPECT_EQ(id_part_of("J-1 a/b"), "J-1%20a%2Fb");
  EXPECT_EQ(id_part_of("가"), "%EA%B0%80");
  EXPECT_NE(id_part_of(std::string(600, 'a')), id_part_of(std::string(601, 'a')));
  EXPECT_EQ(source_part_of("Pipes 2024.geojson"), "pipes-2024");
  EXPECT_EQ(source_part_of("acosta.net.xml.gz"), "acosta");
}

TEST(ImportOptions, AreReadFromText) {
  ImportOptions options;
  EXPECT_TRUE(set_import_option(options, "placement", "127.1,37.5,20,-15").ok());
  EXPECT_EQ(options.placement->rotation_deg, -15);
  EXPECT_TRUE(set_import_option(options, "columns", "lon=X,lat=Y").ok());
  EXPECT_EQ(options.columns["lat"], "Y");
  EXPECT_TRUE(set_import_option(options, "crs", "EPSG:5186").ok());
  EXPECT_EQ(set_import_option(options, "crs", "EPSG:1").error().where, "crs");
  EXPECT_EQ(set_import_option(options, "placement", "200,37").error().code, base::Code::invalid);
  EXPECT_EQ(set_import_option(options, "type", "A B").error().code, base::Code::invalid);
  EXPECT_EQ(set_import_option(options, "nonsense", "1").error().code, base::Code::not_found);
}

}  // namespace
}  // namespace cityloom::space

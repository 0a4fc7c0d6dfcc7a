# The man page and the completion of shells, printed by the program from its own tables and installed with it.
set(docs ${CMAKE_BINARY_DIR}/docs)
file(MAKE_DIRECTORY ${docs})
add_custom_command(OUTPUT ${docs}/reelbench.1 ${docs}/reelbench.bash ${docs}/_reelbench ${docs}/reelbench.fish
  COMMAND sh -c "$<TARGET_FILE:reelbench> help --man > ${docs}/reelbench.1"
  COMMAND sh -c "$<TARGET_FILE:reelbench> completion bash > ${docs}/reelbench.bash"
  COMMAND sh -c "$<TARGET_FILE:reelbench> completion zsh > ${docs}/_reelbench"
  COMMAND sh -c "$<TARGET_FILE:reelbench> completion fish > ${docs}/reelbench.fish"
  DEPENDS reelbench VERBATIM)
add_custom_target(command_docs ALL DEPENDS ${docs}/reelbench.1)

include(GNUInstallDirs)
install(FILES ${docs}/reelbench.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${docs}/reelbench.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME reelbench)
install(FILES ${docs}/_reelbench DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${docs}/reelbench.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

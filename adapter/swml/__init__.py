"""The SWML language: documents are read, checked and compiled; an Interpreter runs them.

    text -> reader -> compiler -> Document -> Interpreter -> Effect
                                                   ^------- Result

Nothing here opens a socket or performs a call's method: an Effect says what to do, whoever runs the
call does it and answers with a Result. JavaScript is evaluated by an Evaluator given from outside.
"""
